import type { Sql } from "../client.ts";

/**
 * The objects that records belong to, as far as the mirror knows: record id → slug, e.g. `companies`. A record that was
 * merged or inserted here counts under its former ids too.
 */
export async function readObjectsOf(sql: Sql, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await sql<{ id: string; object: string }[]>`
    SELECT record_id AS id, object FROM attio.records WHERE record_id = ANY(${ids as string[]}::uuid[])
    UNION ALL
    SELECT record_id, object FROM attio.merged_records WHERE record_id = ANY(${ids as string[]}::uuid[])
    UNION ALL
    SELECT record_id, object FROM attio.id_map
    WHERE record_id = ANY(${ids as string[]}::uuid[]) AND object IN (SELECT api_slug FROM attio.objects)`;
  return new Map(rows.map(({ id, object }) => [id, object]));
}

/** Whether one of these records, also under its provisional id, was merged into another one. */
export async function hasMerged(sql: Sql, ids: readonly string[]): Promise<boolean> {
  if (ids.length === 0) return false;
  const found = await sql`
    SELECT FROM attio.merged_records WHERE old_record_id IN (
      SELECT unnest(${ids as string[]}::uuid[])
      UNION SELECT record_id FROM attio.id_map WHERE provisional_id = ANY(${ids as string[]}::uuid[])) LIMIT 1`;
  return found.length > 0;
}
