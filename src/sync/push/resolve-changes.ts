import type { Database, Tx } from "../../db/client.ts";
import { holdStream } from "../../db/locks.ts";
import { quoteIdentifier } from "../../db/mirror/identifiers.ts";
import { mirrorTable } from "../../db/mirror/sql-names.ts";
import { findWrittenTable } from "../../db/queries/outbox.ts";
import { endHolds } from "../../db/queries/outbox-holds.ts";
import { transact } from "../../db/tx.ts";

/** What became of each change that was named; ids that need no decision are left out. */
export interface Resolved {
  ids: number[];
}

/** What was retried, and what stays on hold, e.g. `{ ids: [], onHold: [{ code: "too_many_deletes", ids: [7, 8] }] }`. */
export interface Retried extends Resolved {
  onHold: { code: string; ids: number[] }[];
}

/** Changes that one transaction gives up: the stream is locked meanwhile. */
const DISCARDED_AT_ONCE = 500;

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
): Promise<Retried> {
  const named = db.sql`(${ids.length === 0} OR id = ANY(${ids as number[]}::bigint[]))`;
  const rows = await db.sql<{ id: number }[]>`
    UPDATE attio_sync.outbox SET status = 'pending', due_at = clock_timestamp(), error_code = NULL, error_message = NULL,
      forced = forced OR status = 'conflict', bulk_allowed = bulk_allowed OR ${allowBulk}
    WHERE status IN ('failed', 'conflict') AND ${named}
      AND (${allowBulk} OR error_code IS DISTINCT FROM 'too_many_deletes' AND error_code IS DISTINCT FROM 'too_many_inserts')
    RETURNING id`;
  await db.sql`SELECT pg_notify('attio_sync', 'outbox')`;
  const onHold = await db.sql<Retried["onHold"]>`
    SELECT error_code AS code, json_agg(id ORDER BY id) AS ids FROM attio_sync.outbox
    WHERE status = 'failed' AND error_code IN ('too_many_deletes', 'too_many_inserts') AND ${named}
    GROUP BY error_code ORDER BY error_code`;
  return { ids: rows.map(({ id }) => id), onHold: [...onHold] };
}

/** Gives changes up: Attio's value comes back, an inserted row goes. Changes under way are left alone. */
export async function discardChanges(db: Database, ids: readonly number[]): Promise<Resolved> {
  const named = await db.sql<{ stream: string; ids: number[] }[]>`
    SELECT stream, json_agg(id ORDER BY id) AS ids FROM attio_sync.outbox WHERE id = ANY(${ids as number[]}::bigint[])
    GROUP BY stream ORDER BY stream`;
  const done = new Set<number>();
  for (const { stream, ids: all } of named)
    for (let start = 0; start < all.length; start += DISCARDED_AT_ONCE) {
      const some = all.slice(start, start + DISCARDED_AT_ONCE);
      for (const id of await transact(db.sql, (tx) => discardSome(tx, stream, some))) done.add(id);
    }
  return { ids: ids.filter((id) => done.has(id)) };
}

/** Gives the ids of all that was given up: with an inserted row all that was changed in it. */
async function discardSome(tx: Tx, stream: string, ids: readonly number[]): Promise<number[]> {
  await holdStream(tx, stream);
  const ended = await tx<{ id: number; recordId: string; operation: string }[]>`
    UPDATE attio_sync.outbox SET status = 'discarded'
    WHERE id = ANY(${ids as number[]}::bigint[])
      AND (status IN ('failed', 'conflict') OR status = 'pending' AND attempted_at IS NULL)
    RETURNING id, record_id AS "recordId", operation`;
  const done = ended.map(({ id }) => id);
  const table = await findWrittenTable(tx, stream);
  if (table === undefined || ended.length === 0) return done;
  const inserted = new Set(
    ended.filter(({ operation }) => operation === "insert").map(({ recordId }) => recordId),
  );
  if (inserted.size > 0) {
    const rows = [...inserted];
    await tx.unsafe(
      `DELETE FROM ${mirrorTable(table.name)} WHERE ${quoteIdentifier(table.key)} = ANY($1::uuid[])`,
      [rows],
    );
    const along = await tx<{ id: number }[]>`
      UPDATE attio_sync.outbox SET status = 'discarded', error_code = 'insert_discarded'
      WHERE record_id = ANY(${rows}::uuid[]) AND stream = ${stream} AND status IN ('pending', 'failed', 'conflict')
      RETURNING id`;
    done.push(...along.map(({ id }) => id));
  }
  const changed = ended.filter(({ recordId }) => !inserted.has(recordId)).map(({ recordId }) => recordId);
  await endHolds(tx, table, { stream, recordIds: [...new Set(changed)], reason: "change discarded" });
  return done;
}
