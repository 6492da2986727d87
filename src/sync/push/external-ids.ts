import type { Sql } from "../../db/client.ts";
import { ConfigError } from "../../errors.ts";

/**
 * Checks that the attributes which shall receive the ids of rows inserted here can do so.
 *
 * @throws ConfigError for one that is not a unique text attribute, or not writable
 */
export async function checkExternalIds(sql: Sql, externalIds: ReadonlyMap<string, string>): Promise<void> {
  for (const [object, attribute] of externalIds) {
    const found = await sql`
      SELECT FROM attio.attributes a JOIN attio.objects o ON o.object_id = a.object_id
      WHERE o.api_slug = ${object} AND a.api_slug = ${attribute} AND a.type = 'text'
        AND a.is_unique AND a.is_writable AND NOT a.is_multiselect AND NOT a.is_archived`;
    if (found.length === 0)
      throw new ConfigError(
        "EXTERNAL_ID",
        `names ${object}:${attribute}, which is not a writable unique text attribute`,
      );
  }
}
