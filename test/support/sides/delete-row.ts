import type postgres from "postgres";
import type { ObjectName } from "./acts.ts";
import type { Ledger } from "./ledger.ts";

/** Deletes a record's row, in a transaction or by itself. */
export async function deleteRow(
  sql: postgres.Sql | postgres.TransactionSql,
  ledger: Ledger,
  object: ObjectName,
  id: string,
): Promise<void> {
  // It may have been merged in Attio, unseen: then the other record stays, without what was written to this one.
  ledger.claims.forgetRow(id);
  const table = sql(`attio.${object}`);
  const [gone] = await sql<{ isTwin: boolean }[]>`
    DELETE FROM ${table} r WHERE record_id = ${id}
    RETURNING EXISTS (SELECT FROM ${table} t WHERE t.name = r.name AND t.record_id <> r.record_id) AS "isTwin"`;
  // Of a row that was here twice, since its create's answer was lost, the other one stays and is made again.
  if (gone?.isTwin === true) ledger.removedTwin(id);
}
