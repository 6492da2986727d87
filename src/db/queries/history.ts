import type { Sql, Tx } from "../client.ts";
import { quoteIdentifier } from "../mirror/identifiers.ts";
import { mirrorTable } from "../mirror/sql-names.ts";

/** An attribute of a stream whose past values are wanted. */
export interface HistoryColumn {
  stream: string;
  table: string;
  key: string;
  attribute: string;
  column: string;
}

const HISTORY_OF_ROW = `SELECT 1 FROM attio.value_history h
  WHERE h.object = $1 AND h.attribute = $2 AND h.record_id = t.id`;

/** True of a row (named `t`) whose history has not been read from Attio, or has moved on since. */
const WANTED = `(t.value IS NOT NULL AND NOT EXISTS (${HISTORY_OF_ROW}))
  OR EXISTS (${HISTORY_OF_ROW} AND NOT h._exact)`;

/** Ids of records whose past values have to be read, in their order, behind `after`. */
export async function findHistoryWanted(
  sql: Sql,
  history: HistoryColumn,
  { after, limit }: { after: string | null; limit: number },
): Promise<string[]> {
  const { stream, table, key, attribute, column } = history;
  const rows = await sql.unsafe<{ id: string }[]>(
    `SELECT t.id FROM (
       SELECT ${quoteIdentifier(key)} AS id, ${quoteIdentifier(column)} AS value FROM ${mirrorTable(table)}
       WHERE _deleted_at IS NULL AND ($3::uuid IS NULL OR ${quoteIdentifier(key)} > $3)
     ) t WHERE (${WANTED}) ORDER BY t.id LIMIT $4`,
    [stream, attribute, after, limit],
  );
  return rows.map((row) => row.id);
}

/** How many records that is: each costs one request. */
export async function countHistoryWanted(sql: Sql, history: HistoryColumn): Promise<number> {
  const { stream, table, key, attribute, column } = history;
  const [row] = await sql.unsafe<{ count: number }[]>(
    `SELECT count(*) AS count FROM (
       SELECT ${quoteIdentifier(key)} AS id, ${quoteIdentifier(column)} AS value FROM ${mirrorTable(table)}
       WHERE _deleted_at IS NULL
     ) t WHERE (${WANTED})`,
    [stream, attribute],
  );
  return row?.count ?? 0;
}

/**
 * Puts Attio's own history of one attribute of one record in place of what we had put together. Where the row was written
 * since `begin`, or is being written, or is gone, nothing is done: the history may be older than what the row went through,
 * and the next round reads it again.
 *
 * @param begin the ticket drawn before the history was asked for
 */
export async function replaceHistory(
  tx: Tx,
  { stream, table, key, attribute }: HistoryColumn,
  recordId: string,
  { intervals, begin }: { intervals: readonly object[]; begin: number },
): Promise<void> {
  const [row] = await tx.unsafe<{ fetchSeq: number }[]>(
    `SELECT _fetch_seq AS "fetchSeq" FROM ${mirrorTable(table)}
     WHERE ${quoteIdentifier(key)} = $1 FOR NO KEY UPDATE SKIP LOCKED`,
    [recordId],
    { prepare: true },
  );
  if (row === undefined || row.fetchSeq >= begin) return;
  await tx`
    DELETE FROM attio.value_history
    WHERE object = ${stream} AND attribute = ${attribute} AND record_id = ${recordId}`;
  await tx`
    INSERT INTO attio.value_history
      (object, record_id, attribute, value, active_from, active_until, actor_type, actor_id, _exact)
    SELECT ${stream}, ${recordId}, ${attribute}, value, active_from, active_until, actor_type, actor_id, true
    FROM json_to_recordset(${JSON.stringify(intervals)}::text::json) AS i(
      value jsonb, active_from timestamptz, active_until timestamptz, actor_type text, actor_id text)`;
}

/** Lets history follow attributes whose slugs changed, all at once: two may have swapped. */
export async function renameHistory(
  tx: Tx,
  stream: string,
  renamed: readonly { from: string; to: string }[],
): Promise<void> {
  if (renamed.length === 0) return;
  await tx`
    UPDATE attio.value_history h SET attribute = r."to"
    FROM json_to_recordset(${JSON.stringify(renamed)}::text::json) AS r("from" text, "to" text)
    WHERE h.object = ${stream} AND h.attribute = r."from"`;
}
