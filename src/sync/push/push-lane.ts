import { AttioError, retryDelayMs, type RequestOptions } from "../../attio/index.ts";
import { isLockTimeout } from "../../db/pg-errors.ts";
import { markDirty } from "../../db/queries/dirty.ts";
import { endChanges, rejoin, returnChanges, type Lane, type Tried } from "../../db/queries/outbox.ts";
import { resumeWrites } from "../../db/queries/write-pauses.ts";
import { transact } from "../../db/tx.ts";
import { sleep } from "../../lib/sleep.ts";
import { PlanChangedError } from "../apply/target.ts";
import type { Endpoint } from "./endpoint.ts";
import { settleFailure, type EndChanges } from "./failed-attempt.ts";
import { independentChanges } from "./independent-changes.ts";
import { ClaimLostError, LaneFailedError, LaterError } from "./lane-errors.ts";
import { LanePush } from "./lane-push.ts";
import { decideOutcome } from "./outcomes.ts";
import type { PushDeps } from "./push-deps.ts";

/** How often, and with what pauses, a write is decided anew within one attempt because another one changed the record. */
const READ_AGAIN = { attempts: 5, minDelayMs: 100, maxDelayMs: 2_000 };

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
  const before = taken.map(({ id, attempts, attemptedAtMs }) => ({ id, attempts, attemptedAtMs }));
  // A row that was deleted and inserted again is another one in Attio: the second is made once the first is gone.
  const { first, rest } = splitAtDelete(lane);
  const push = new LanePush(deps, endpoint, first, options);
  const end: EndChanges = async (status, reason) => {
    const groups = status === "failed" ? independentChanges(endpoint, lane.changes) : [];
    // What one statement wrote and Attio refuses does not stop what others wrote.
    if (groups.length > 1) return pushApart(deps, endpoint, lane, options, { groups, before });
    await transact(sql, async (tx) => {
      await endChanges(tx, taken, status, reason);
      await rejoin(tx, first, push.followUps);
      // A delete that Attio refuses brings the row back: looked at earlier, the row would still be held as deleted.
      if (first.changes.at(-1)?.operation === "delete")
        await markDirty(tx, lane.stream, [lane.recordId], "delete refused");
    });
  };
  try {
    await runToEnd(push, options.signal);
    if (push.hasSent) await resumeWrites(sql, lane.stream);
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
      await end("failed", { code: error.code, message: error.message });
      return;
    }
    if (isLockTimeout(error)) {
      // A user has the row; what was sent is found equal at the next attempt.
      await returnChanges(sql, taken, { delay: 1, sent: true });
      return;
    }
    if (!(error instanceof AttioError)) throw error;
    const { hasFailedSending } = push;
    await settleFailure(deps, { endpoint, lane, error, hasFailedSending, before, end, options });
  }
}

/** Pushes groups of a row's changes one after the other, each with a fate of its own. */
async function pushApart(
  deps: PushDeps,
  endpoint: Endpoint,
  lane: Lane,
  options: RequestOptions,
  { groups, before }: { groups: readonly Lane["changes"][]; before: readonly Tried[] },
): Promise<void> {
  // What was sent just now was refused, and is no attempt.
  const sentBefore = new Map(before.map(({ id, attemptedAtMs }) => [id, attemptedAtMs]));
  for (const group of groups) {
    const changes = group.map((change) => ({
      ...change,
      attemptedAtMs: sentBefore.get(change.id) ?? null,
    }));
    await pushLane(deps, endpoint, { ...lane, changes }, options);
  }
}

/** Runs a push; what another write kept Attio from applying is read, decided and sent anew. */
async function runToEnd(push: LanePush, signal: AbortSignal | undefined): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await push.run();
      return;
    } catch (error) {
      if (decideOutcome(error) !== "read_again" || tries >= READ_AGAIN.attempts) throw error;
      await sleep(retryDelayMs(tries, READ_AGAIN, { floorMs: 0, random: Math.random }), signal);
    }
  }
}

/** What leads up to a row's deletion, and what was done to it afterwards. */
function splitAtDelete(lane: Lane): { first: Lane; rest: Lane["changes"] } {
  const end = lane.changes.findIndex(({ operation }) => operation === "delete") + 1;
  if (end === 0 || end === lane.changes.length) return { first: lane, rest: [] };
  return { first: { ...lane, changes: lane.changes.slice(0, end) }, rest: lane.changes.slice(end) };
}
