import type { Sql } from "../client.ts";

/** The slugs of the objects that records belong to, by record id; ids that no table has are left out. */
export async function findObjectsOf(sql: Sql, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await sql<{ id: string; object: string }[]>`
    SELECT record_id AS id, object FROM attio.records WHERE record_id = ANY(${ids as string[]}::uuid[])`;
  return new Map(rows.map(({ id, object }) => [id, object]));
}
