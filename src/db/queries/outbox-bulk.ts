import type postgres from "postgres";
import type { Sql } from "../client.ts";
import { countRows } from "./count-rows.ts";
import { findWrittenTable } from "./outbox.ts";

/** Unsent deletes and inserts of a stream. */
export interface Bulk {
  stream: string;
  operation: "insert" | "delete";
  count: number;
}

/**
 * Streams with so many unsent deletes or inserts that an accident is likely (design rule 15). Reads no more of them than
 * tell that there are so many.
 *
 * @param judged those that need not be looked at, e.g. `insert people`
 */
export async function findBulk(
  sql: Sql,
  least: { deletes: number; inserts: number },
  judged: readonly string[],
): Promise<Omit<Bulk, "count">[]> {
  return sql<Omit<Bulk, "count">[]>`
    WITH RECURSIVE kinds AS (
      (SELECT stream, operation FROM attio_sync.outbox WHERE ${isUnsent(sql)} ORDER BY stream, operation LIMIT 1)
      UNION ALL
      SELECT next.stream, next.operation FROM kinds k CROSS JOIN LATERAL (
        SELECT stream, operation FROM attio_sync.outbox
        WHERE ${isUnsent(sql)} AND (stream, operation) > (k.stream, k.operation) ORDER BY stream, operation LIMIT 1) AS next)
    SELECT stream, operation FROM kinds k CROSS JOIN LATERAL (
      SELECT CASE operation WHEN 'delete' THEN ${least.deletes}::int ELSE ${least.inserts}::int END AS most) AS limits
    WHERE NOT operation || ' ' || stream = ANY(${judged as string[]}::text[]) AND most < (
      SELECT count(*) FROM (
        SELECT FROM attio_sync.outbox o WHERE ${isUnsent(sql)} AND o.stream = k.stream AND o.operation = k.operation
        LIMIT most + 1) AS few)`;
}

/** How many of them there are. */
export async function countBulk(sql: Sql, { stream, operation }: Omit<Bulk, "count">): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    SELECT count(*) FROM attio_sync.outbox
    WHERE ${isUnsent(sql)} AND stream = ${stream} AND operation = ${operation}`;
  return row?.count ?? 0;
}

/** SQL of what the index on unsent deletes and inserts has. */
function isUnsent(sql: Sql): postgres.PendingQuery<postgres.Row[]> {
  return sql`status = 'pending' AND NOT bulk_allowed AND operation IN ('insert', 'delete')`;
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
