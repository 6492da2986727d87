import type { Sql, Tx } from "../../db/client.ts";
import { mirrorTable } from "../../db/mirror/sql-names.ts";
import { isUniqueViolation } from "../../db/pg-errors.ts";
import { ring, type Doorbell } from "../../db/queries/dirty.ts";
import { endChanges, type Lane } from "../../db/queries/outbox.ts";
import { hasRelease } from "../../db/queries/outbox-releases.ts";
import { readHolds } from "../../db/queries/outbox-holds.ts";
import { drawTicket } from "../../db/queries/tickets.ts";
import { transact } from "../../db/tx.ts";
import { removeRow } from "../apply/delete-rows.ts";
import { writeHistory, type ValueChange } from "../apply/history.ts";
import { holdPlan } from "../apply/plan-lock.ts";
import type { ApplyTarget } from "../apply/target.ts";
import type { DeleteMode } from "../deps.ts";
import { otherSides } from "../live/other-sides.ts";
import type { MappedRow } from "../mapping/row.ts";
import { adoptId } from "./adopt-id.ts";
import { ClaimLostError, LaterError, pauseFor } from "./lane-errors.ts";
import { ageOf } from "./lane-past.ts";
import { lockRows, writeAnswer } from "./write-answer.ts";

/** Attio's answer to a push. */
export interface Answer {
  row: MappedRow;
  target: ApplyTarget;
  /** The ticket drawn before the request was sent. */
  begin: number;
  /** What the push changed, for the history. */
  changes: readonly ValueChange[];
  /** What has to be looked at because of it. */
  doorbells: readonly Doorbell[];
  deleteMode: DeleteMode;
}

const LOCK_TIMEOUT = "500ms";

/**
 * Ends a push: the changes are marked, and the row takes Attio's answer but for what was changed here since, with a fetch
 * sequence number above the answer, in one transaction. Nobody ever reads the row as it was before the change.
 *
 * @throws {PlanChangedError} when the answer was mapped by an older plan
 * @throws {ClaimLostError} when the changes are no longer ours
 * @throws {LaterError} when an insert bound to a record that is deleted here meanwhile
 */
export async function settle(sql: Sql, lane: Lane, answer: Answer): Promise<void> {
  try {
    await transact(sql, (tx) => settleOnce(tx, lane, answer));
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    // An apply inserted the row under Attio's id after it was looked for here: now it is found.
    await transact(sql, (tx) => settleOnce(tx, lane, answer));
  }
}

async function settleOnce(tx: Tx, lane: Lane, answer: Answer): Promise<void> {
  const { row, target, begin } = answer;
  // Waiting for a row that a user has locked would hold up the whole stream, whose lock is held meanwhile.
  await tx`SELECT set_config('lock_timeout', ${LOCK_TIMEOUT}, true)`;
  await holdPlan(tx, target);
  // Before anything is read of them: whoever holds a row may be about to commit a change of it.
  const locked = await lockRows(tx, target, [lane.recordId, row.id]);
  if (row.id !== lane.recordId) {
    // Bound to a record that is to go, or to give up the value by which it was found: both are looked for anew afterwards.
    if (await hasRelease(tx, target.stream, row.id))
      throw new LaterError(pauseFor(ageOf(lane), { least: 0.2 }));
    await adoptId(tx, lane, row.id, locked.has(row.id));
  }
  if (!(await endChanges(tx, lane.changes, "pushed"))) throw new ClaimLostError();
  const hold = (await readHolds(tx, target.stream, [row.id])).get(row.id);
  const end = await drawTicket(tx);
  const written = await writeAnswer(tx, target, {
    row,
    localId: lane.recordId,
    locked,
    pending: hold?.cells ?? {},
    mayWrite: hold?.deleted !== true && !(await isBuried(tx, answer)),
    begin,
    end,
  });
  // What was deleted here under its provisional id has come back under Attio's, by its event.
  const isBack = hold?.deleted === true && !hold.inserted && row.id !== lane.recordId && locked.has(row.id);
  if (isBack) await removeRow(tx, target, row.id, answer.deleteMode, end);
  // A later change was made to a value that Attio may have written otherwise.
  await rebase(tx, target, row);
  await writeHistory(
    tx,
    target.stream,
    answer.changes.filter(({ old }) => old !== null || row.id === lane.recordId),
    new Map([[row.id, row]]),
    () => false,
  );
  const own = { stream: target.stream, id: row.id, reason: "changed during push" };
  await ring(tx, [
    ...(!written && hold?.deleted !== true ? [own] : []),
    ...answer.doorbells,
    ...(await otherSides(tx, target, answer.changes)),
  ]);
}

/**
 * Whether Attio deleted the record after the request was sent: its answer must not bring the row back (design rule 1). Under
 * the stream's lock no deletion is under way.
 */
async function isBuried(tx: Tx, { row, target, begin }: Answer): Promise<boolean> {
  const tombstones = await tx`
    SELECT FROM attio_sync.tombstones
    WHERE stream = ${target.stream} AND id = ${row.id} AND fetch_seq >= ${begin}`;
  return tombstones.length > 0;
}

async function rebase(tx: Tx, { table, stream }: ApplyTarget, row: MappedRow): Promise<void> {
  await tx.unsafe(
    `UPDATE attio_sync.outbox o SET base = o.base || (
       SELECT coalesce(jsonb_object_agg(e.key, e.value), '{}') FROM jsonb_each(to_jsonb(r)) e WHERE o.base ? e.key)
     FROM json_populate_record(NULL::${mirrorTable(table)}, $3::json) r
     WHERE o.record_id = $1 AND o.stream = $2 AND o.operation = 'update' AND o.status = 'pending'`,
    [row.id, stream, JSON.stringify(row.columns)],
  );
}
