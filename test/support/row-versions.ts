import type { Sql } from "../../src/db/client.ts";

/**
 * Where every row of schema `attio` lies (`ctid`), who wrote it (`xmin`) and who locked it (`xmax`): two equal answers
 * mean that no row was written, moved or locked between them.
 */
export async function rowVersions(sql: Sql): Promise<Map<string, string>> {
  const tables = await sql<{ name: string }[]>`
    SELECT format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'attio' AND c.relkind = 'r' ORDER BY 1`;
  const versions = new Map<string, string>();
  for (const { name } of tables) {
    const rows = await sql.unsafe<{ at: string; version: string }[]>(
      `SELECT ctid::text AS at, xmin::text || ' ' || xmax::text AS version FROM ${name}`,
    );
    for (const { at, version } of rows) versions.set(`${name} ${at}`, version);
  }
  return versions;
}
