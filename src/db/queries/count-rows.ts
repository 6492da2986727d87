import type { Sql } from "../client.ts";
import { mirrorTable } from "../mirror/sql-names.ts";

/** How many rows a table of the mirror has, those marked deleted not counted. Takes seconds on millions of them. */
export async function countRows(sql: Sql, table: string): Promise<number> {
  const [found] = await sql<{ rows: number }[]>`
    SELECT count(*) AS rows FROM ${sql.unsafe(mirrorTable(table))} WHERE _deleted_at IS NULL`;
  return found?.rows ?? 0;
}
