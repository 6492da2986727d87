import {
  AttioApiError,
  AttioError,
  AttioMergeInProgressError,
  AttioNotFoundError,
  AttioRateLimitError,
  AttioServerError,
  type RequestOptions,
} from "../../attio/index.ts";
import type { Sql } from "../../db/client.ts";
import { markDirty } from "../../db/queries/dirty.ts";
import {
  endChanges,
  noteRefused,
  rejoin,
  returnChanges,
  type Lane,
  type Tried,
} from "../../db/queries/outbox.ts";
import { followMerge } from "../../db/queries/outbox-merges.ts";
import { isLockTimeout } from "../../db/pg-errors.ts";
import { transact } from "../../db/tx.ts";
import { PlanChangedError } from "../apply/target.ts";
import type { Endpoint } from "./endpoint.ts";
import { ClaimLostError, LaneFailedError, LaterError } from "./lane-errors.ts";
import { ageOf, mayBeMade } from "./lane-past.ts";
import { LanePush } from "./lane-push.ts";
import type { PushDeps } from "./push-deps.ts";

/**
 * Pushes one lane. Never throws for what Attio says: each change ends, or is given back with its reason. After any other
 * failure, which it throws, giving back is the caller's.
 */
export async function pushLane(
  deps: PushDeps,
  endpoint: Endpoint,
  lane: Lane,
  options: RequestOptions,
): Promise<void> {
  const { sql } = deps.db;
  const taken = [...lane.changes];
  const before = taken.map(({ id, attemptedAtMs }) => ({ id, attemptedAtMs }));
  // A row that was deleted and inserted again is another one in Attio: the second is made once the first is gone.
  const { first, rest } = splitAtDelete(lane);
  const push = new LanePush(deps, endpoint, first, options);
  const fail: Fail = (reason) =>
    transact(sql, async (tx) => {
      await endChanges(tx, taken, "failed", reason);
      await rejoin(tx, first, push.followUps);
      // A delete that Attio refuses brings the row back: looked at earlier, the row would still be held as deleted.
      if (first.changes.at(-1)?.operation === "delete")
        await markDirty(tx, lane.stream, [lane.recordId], "delete refused");
    });
  try {
    await push.run();
    if (rest.length > 0) await returnChanges(sql, rest, { delay: 0, sent: false });
    return;
  } catch (error) {
    if (error instanceof PlanChangedError) {
      // Columns and options may have other names now; the outbox has them.
      await returnChanges(sql, taken, { delay: 0, sent: push.hasSent });
      return;
    }
    if (error instanceof ClaimLostError) return;
    if (error instanceof LaterError) {
      await returnChanges(sql, taken, { delay: error.delay, sent: push.hasSent, ...error.reason });
      return;
    }
    if (error instanceof LaneFailedError) {
      await fail({ code: error.code, message: error.message });
      return;
    }
    if (isLockTimeout(error)) {
      // A user has the row; what was sent is found equal at the next attempt.
      await returnChanges(sql, taken, { delay: 1, sent: true });
      return;
    }
    if (!(error instanceof AttioError)) throw error;
    await failOrRetry(deps, lane, error, { before, hasFailedSending: push.hasFailedSending, fail });
  }
}

type Fail = (reason: { code: string; message: string }) => Promise<void>;

interface Failure {
  /** The changes as they were taken. */
  before: readonly Tried[];
  /** Whether it was a write that failed. */
  hasFailedSending: boolean;
  fail: Fail;
}

/** What leads up to a row's deletion, and what was done to it afterwards. */
function splitAtDelete(lane: Lane): { first: Lane; rest: Lane["changes"] } {
  const end = lane.changes.findIndex(({ operation }) => operation === "delete") + 1;
  if (end === 0 || end === lane.changes.length) return { first: lane, rest: [] };
  return { first: { ...lane, changes: lane.changes.slice(0, end) }, rest: lane.changes.slice(end) };
}

/** Attio's refusals end a change; everything else is tried again, ever more slowly. */
async function failOrRetry(
  { db, log, patience }: PushDeps,
  lane: Lane,
  error: AttioError,
  { before, hasFailedSending, fail }: Failure,
): Promise<void> {
  const attempts = Math.max(...lane.changes.map((change) => change.attempts));
  const refused =
    error instanceof AttioApiError &&
    !(error instanceof AttioServerError) &&
    !(error instanceof AttioRateLimitError) &&
    !(error instanceof AttioMergeInProgressError) &&
    error.status !== 401;
  const message =
    error instanceof AttioApiError && error.apiMessage !== "" ? error.apiMessage : error.message;
  // A refused look says nothing of what an earlier attempt sent.
  if (refused && hasFailedSending) await noteRefused(db.sql, before);
  if (error instanceof AttioNotFoundError && lane.changes.every(({ operation }) => operation === "update")) {
    await endOfGone(db.sql, lane, error);
    return;
  }
  const isUnknown =
    (error.code === "value_not_found" && namesRecords(lane)) ||
    // What was made may have gone along with its parent, into a record that it was merged into.
    (error instanceof AttioNotFoundError && !hasFailedSending && mayBeMade(lane));
  const maybeLater = refused && isUnknown && ageOf(lane) <= patience.referenceMs;
  log.warn({ stream: lane.stream, id: lane.recordId, code: error.code, attempts }, "a change was not pushed");
  if (refused && !maybeLater) {
    await fail({ code: error.code, message });
    return;
  }
  const delay = maybeLater ? 2 : Math.min(300, 0.5 * 2 ** Math.min(attempts, 10));
  await returnChanges(db.sql, lane.changes, { delay, sent: true, code: error.code, message });
}

/** A record that is changed here and gone in Attio: merged as we know, or else whoever changed it decides (design rule 26). */
async function endOfGone(sql: Sql, lane: Lane, { code }: AttioNotFoundError): Promise<void> {
  if (await followMerge(sql, lane.changes)) return;
  await transact(sql, async (tx) => {
    const message = "changed here, and gone in Attio: deleted, or merged into another record";
    await endChanges(tx, lane.changes, "conflict", { code, message });
    await markDirty(tx, lane.stream, [lane.recordId], "not found by a push");
  });
}

const UUID = /"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"/i;

/** Whether a value is an id, alone or in a list, or has one in it, as a task's links do. */
function namesRecords(lane: Lane): boolean {
  return lane.changes.some(({ changes }) => UUID.test(JSON.stringify(changes)));
}
