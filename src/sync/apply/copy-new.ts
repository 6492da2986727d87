import postgres from "postgres";
import type { Tx } from "../../db/client.ts";
import { copyInto, copyLine } from "../../db/mirror/copy.ts";
import type { MappedRow } from "../mapping/row.ts";
import type { ApplyTarget } from "./target.ts";

/** Below it, the round trips of a savepoint cost more than the copy saves. */
const WORTH_COPYING = 100;

/**
 * Writes rows of which the mirror holds nothing by COPY, which costs PostgreSQL less than half of an upsert: most of
 * an upsert is the parsing of its JSON. Gives whether it did; where the server refuses (somebody was quicker, a value
 * is bad) nothing is written, and the upsert finds out why.
 *
 * @param rows of one set of columns
 * @param ticket what the rows keep as `_fetch_seq`
 */
export async function copyNew(
  tx: Tx,
  target: ApplyTarget,
  rows: readonly MappedRow[],
  ticket: number,
): Promise<boolean> {
  const columns = Object.keys(rows[0]?.columns ?? {});
  // Of the fixed tables the types are not known here, and none of them is large.
  if (rows.length < WORTH_COPYING || target.tracked.length === 0) return false;
  const names = [target.key, "_hash", "_fetch_seq", "_synced_at", ...columns];
  try {
    await tx.savepoint((savepoint) =>
      copyInto(savepoint, target.table, names, linesOf(target, names, rows, ticket)),
    );
    return true;
  } catch (error) {
    if (error instanceof postgres.PostgresError) return false;
    throw error;
  }
}

function* linesOf(
  target: ApplyTarget,
  names: readonly string[],
  rows: readonly MappedRow[],
  ticket: number,
): Generator<string> {
  const documents = new Set(
    target.tracked.filter(({ type }) => type === "jsonb").map(({ column }) => column),
  );
  const isJson = names.map((name) => documents.has(name));
  for (const { id, hash, columns } of rows) {
    // PostgreSQL reads "now" as the transaction's beginning, which is what now() gives.
    yield copyLine([id, hash, ticket, "now", ...Object.values(columns)], isJson);
  }
}
