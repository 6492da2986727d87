import type { Database, Tx } from "../../db/client.ts";
import { holdStream } from "../../db/locks.ts";
import { quoteIdentifier } from "../../db/mirror/identifiers.ts";
import { mirrorTable } from "../../db/mirror/sql-names.ts";
import { findWrittenTable } from "../../db/queries/outbox.ts";
import { endHold } from "../../db/queries/outbox-holds.ts";
import { transact } from "../../db/tx.ts";

/** A change that needs a decision. */
interface Open {
  id: number;
  stream: string;
  recordId: string;
  operation: string;
  status: string;
}

/** What became of each change that was named; ids that need no decision are left out. */
export interface Resolved {
  ids: number[];
}

/**
 * Pushes changes again that failed or are in conflict: of a conflict, the local value wins.
 *
 * @param ids none: all that failed or are in conflict
 * @param allowBulk lets deletes and inserts go that were held because they were so many (design rule 15)
 */
export async function retryChanges(
  db: Database,
  ids: readonly number[],
  { allowBulk }: { allowBulk: boolean },
): Promise<Resolved> {
  const rows = await db.sql<{ id: number }[]>`
    UPDATE attio_sync.outbox SET status = 'pending', due_at = clock_timestamp(), error_code = NULL, error_message = NULL,
      forced = forced OR status = 'conflict', bulk_allowed = bulk_allowed OR ${allowBulk}
    WHERE status IN ('failed', 'conflict') AND (${ids.length === 0} OR id = ANY(${ids as number[]}::bigint[]))
      AND (${allowBulk} OR error_code IS DISTINCT FROM 'too_many_deletes' AND error_code IS DISTINCT FROM 'too_many_inserts')
    RETURNING id`;
  await db.sql`SELECT pg_notify('attio_sync', 'outbox')`;
  return { ids: rows.map(({ id }) => id) };
}

/** Gives changes up: Attio's value comes back, an inserted row goes. Changes under way are left alone. */
export async function discardChanges(db: Database, ids: readonly number[]): Promise<Resolved> {
  const done: number[] = [];
  const open = await db.sql<Open[]>`
    SELECT id, stream, record_id AS "recordId", operation, status FROM attio_sync.outbox
    WHERE id = ANY(${ids as number[]}::bigint[])
      AND (status IN ('failed', 'conflict') OR status = 'pending' AND attempted_at IS NULL)`;
  for (const change of open) if (await transact(db.sql, (tx) => discardOne(tx, change))) done.push(change.id);
  return { ids: done };
}

async function discardOne(tx: Tx, { id, stream, recordId, operation, status }: Open): Promise<boolean> {
  await holdStream(tx, stream);
  const ended = await tx`
    UPDATE attio_sync.outbox SET status = 'discarded' WHERE id = ${id} AND status = ${status}`;
  if (ended.count === 0) return false;
  const table = await findWrittenTable(tx, stream);
  if (table === undefined) return true;
  if (operation === "insert") {
    await tx.unsafe(`DELETE FROM ${mirrorTable(table.name)} WHERE ${quoteIdentifier(table.key)} = $1`, [
      recordId,
    ]);
    await tx`
      UPDATE attio_sync.outbox SET status = 'discarded', error_code = 'insert_discarded'
      WHERE record_id = ${recordId} AND stream = ${stream} AND status IN ('pending', 'failed', 'conflict')`;
    return true;
  }
  await endHold(tx, table, { stream, recordId, reason: "change discarded" });
  return true;
}
