import type { Sql } from "../client.ts";
import { countRows } from "./count-rows.ts";
import { findWrittenTable } from "./outbox.ts";

/** Unsent deletes and inserts of a stream. */
export interface Bulk {
  stream: string;
  operation: "insert" | "delete";
  count: number;
}

/** Streams with so many unsent deletes or inserts that an accident is likely (design rule 15). */
export async function findBulk(sql: Sql, least: { deletes: number; inserts: number }): Promise<Bulk[]> {
  return sql<Bulk[]>`
    SELECT stream, operation, count(*) AS count FROM attio_sync.outbox
    WHERE status = 'pending' AND NOT bulk_allowed AND operation IN ('insert', 'delete')
    GROUP BY stream, operation
    HAVING count(*) > CASE operation WHEN 'delete' THEN ${least.deletes}::int ELSE ${least.inserts}::int END`;
}

/** Holds all of them until somebody allows it. */
export async function holdBulk(sql: Sql, { stream, operation, count }: Bulk): Promise<void> {
  await sql`
    UPDATE attio_sync.outbox SET status = 'failed', error_code = ${`too_many_${operation}s`},
      error_message = ${`${String(count)} ${operation}s at once: run "changes retry --allow-bulk" to let them go`}
    WHERE stream = ${stream} AND operation = ${operation} AND status = 'pending' AND NOT bulk_allowed`;
}

/** How many rows of the mirror a stream has, the ones deleted here not counted. */
export async function countRowsOf(sql: Sql, stream: string): Promise<number> {
  const table = await findWrittenTable(sql, stream);
  return table === undefined ? 0 : countRows(sql, table.name);
}
