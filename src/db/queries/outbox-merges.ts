import type { Sql, Tx } from "../client.ts";
import { takenJson, type Taken } from "./outbox.ts";

/** A record that became another one, in a merge. */
export interface Merged {
  oldId: string;
  newId: string;
  stream: string;
}

/** Moves what was changed here and is not in Attio yet to the new record, also if a push was quicker than the merge's event. */
export async function moveToMerged(tx: Tx, merged: readonly Merged[]): Promise<void> {
  // A push that ends just now either sees the merge, or is seen as ended.
  await tx`
    SELECT FROM attio_sync.outbox WHERE record_id = ANY(${merged.map(({ oldId }) => oldId)}::uuid[]) AND status = 'pushing'
    ORDER BY id FOR UPDATE`;
  await tx`
    UPDATE attio_sync.outbox o SET record_id = m."newId",
      status = CASE WHEN o.status = 'conflict' AND o.error_code = 'not_found' THEN 'pending' ELSE o.status END
    FROM json_to_recordset(${JSON.stringify(merged)}::text::json) AS m("oldId" uuid, "newId" uuid, stream text)
    WHERE o.record_id = m."oldId" AND o.stream = m.stream AND o.operation = 'update'
      AND o.status IN ('pending', 'failed', 'conflict')
      -- Of a row that was inserted under the id of a deleted record, the merge of that record says nothing.
      AND NOT EXISTS (
        SELECT FROM attio_sync.outbox i WHERE i.record_id = o.record_id AND i.stream = o.stream
          AND i.operation = 'insert' AND i.id < o.id AND i.status IN ('pending', 'pushing', 'failed', 'conflict'))`;
  await dropOutrun(
    tx,
    merged.map(({ newId }) => newId),
  );
}

/**
 * Lets changes that were under way while their record was merged follow it, and locks them until the transaction ends: a merge that
 * becomes known meanwhile finds what became of them. Gives whether there was something to follow.
 */
export async function followMerge(tx: Tx, taken: readonly Taken[]): Promise<boolean> {
  await tx`
    SELECT FROM attio_sync.outbox WHERE id = ANY(${taken.map(({ id }) => id)}::bigint[]) ORDER BY id FOR UPDATE`;
  const moved = await tx<{ id: string }[]>`
    UPDATE attio_sync.outbox o SET record_id = attio.current_id(o.record_id), status = 'pending', claimed_by = NULL
    FROM json_to_recordset(${takenJson(taken)}::text::json) AS t(id bigint, attempts int)
    WHERE o.id = t.id AND o.attempts = t.attempts AND o.status = 'pushing'
      AND attio.current_id(o.record_id) <> o.record_id
    RETURNING o.record_id AS id`;
  await dropOutrun(
    tx,
    moved.map(({ id }) => id),
  );
  return moved.length > 0;
}

/** Columns of a record that were changed here and are in Attio by now, or on their way there, with the change that was the last to do so. */
export async function columnsSent(sql: Sql, stream: string, id: string): Promise<Map<string, number>> {
  const rows = await sql<{ name: string; change: number }[]>`
    SELECT k.name, max(o.id) AS change FROM attio_sync.outbox o CROSS JOIN jsonb_object_keys(o.changes) AS k(name)
    WHERE o.record_id = ${id} AND o.stream = ${stream} AND o.operation = 'update' AND o.status IN ('pushing', 'pushed')
    GROUP BY k.name`;
  return new Map(rows.map(({ name, change }) => [name, change]));
}

/**
 * Takes out of waiting changes of these records what was changed later and is in Attio by now, or on its way there: the
 * changes of two rows come together in another order than they were made in, when both are merged or turn out to be one.
 */
export async function dropOutrun(tx: Tx, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx`
    UPDATE attio_sync.outbox o SET changes = o.changes - later.columns, base = o.base - later.columns
    FROM (
      SELECT e.id, array_agg(DISTINCT k.name) AS columns
      FROM attio_sync.outbox e
      JOIN attio_sync.outbox l ON l.record_id = e.record_id AND l.stream = e.stream AND l.id > e.id
      CROSS JOIN jsonb_object_keys(l.changes) AS k(name)
      WHERE e.record_id = ANY(${ids as string[]}::uuid[]) AND e.operation = 'update' AND e.status = 'pending'
        AND l.operation = 'update' AND l.status IN ('pushing', 'pushed')
      GROUP BY e.id) AS later
    WHERE o.id = later.id`;
  await tx`
    UPDATE attio_sync.outbox SET status = 'discarded', error_code = 'superseded',
      error_message = 'changed again since, in a row that became one with this'
    WHERE record_id = ANY(${ids as string[]}::uuid[]) AND operation = 'update' AND status = 'pending' AND changes = '{}'`;
}
