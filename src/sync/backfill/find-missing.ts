import type { Sql, Tx } from "../../db/client.ts";
import { quoteIdentifier } from "../../db/mirror/identifiers.ts";
import { mirrorTable } from "../../db/mirror/sql-names.ts";
import type { ApplyTarget } from "../apply/target.ts";

/**
 * Rows of a closed span of creation that the page of that span did not show: perhaps deleted, to be confirmed. Rows
 * that were fetched after the page was asked for are not missed.
 */
export async function findMissing(
  sql: Sql | Tx,
  target: ApplyTarget,
  span: { from: number; to: number | null; begin: number; shown: readonly string[] },
): Promise<string[]> {
  const key = quoteIdentifier(target.key);
  const rows = await sql.unsafe<{ id: string }[]>(
    `SELECT ${key} AS id FROM ${mirrorTable(target.table)}
     WHERE created_at >= $1::timestamptz AND created_at < $2::timestamptz
       AND _fetch_seq < $3 AND _deleted_at IS NULL AND NOT EXISTS (
         SELECT 1 FROM unnest($4::uuid[]) AS shown(id) WHERE shown.id = ${key})`,
    [
      new Date(span.from).toISOString(),
      span.to === null ? "infinity" : new Date(span.to).toISOString(),
      span.begin,
      [...span.shown],
    ],
    { prepare: true },
  );
  return rows.map((row) => row.id);
}
