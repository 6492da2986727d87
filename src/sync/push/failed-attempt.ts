import {
  AttioApiError,
  AttioNotFoundError,
  type AttioError,
  type RequestOptions,
} from "../../attio/index.ts";
import type { Sql } from "../../db/client.ts";
import { markDirty } from "../../db/queries/dirty.ts";
import { endChanges, noteRefused, returnChanges, type Lane, type Tried } from "../../db/queries/outbox.ts";
import { followMerge } from "../../db/queries/outbox-merges.ts";
import { isRefusedAlone, pauseWrites } from "../../db/queries/write-pauses.ts";
import { transact } from "../../db/tx.ts";
import type { Endpoint } from "./endpoint.ts";
import { ageOf, mayBeMade } from "./lane-past.ts";
import { lacksNamedRecord } from "./missing-records.ts";
import { decideOutcome } from "./outcomes.ts";
import type { Patience, PushDeps } from "./push-deps.ts";

/** Attio's code and words, e.g. `{ code: "value_not_found", message: "Cannot find select attribute …" }`. */
interface Reason {
  code: string;
  message: string;
}

/** Ends all changes that were taken. */
export type EndChanges = (status: "failed" | "conflict", reason: Reason) => Promise<void>;

/** An attempt to push a row's changes that Attio, or the way to it, has put an end to. */
export interface FailedAttempt {
  endpoint: Endpoint;
  lane: Lane;
  error: AttioError;
  /** Whether it was a write that failed. */
  hasFailedSending: boolean;
  /** The changes as they were taken. */
  before: readonly Tried[];
  end: EndChanges;
  options: RequestOptions;
}

/** Ends the changes of an attempt, or gives them back, as the table of outcomes has it. */
export async function settleFailure(deps: PushDeps, attempt: FailedAttempt): Promise<void> {
  const { db, log } = deps;
  const { lane, error, end } = attempt;
  const outcome = decideOutcome(error);
  const reason = reasonOf(error);
  // A refused look says nothing of what an earlier attempt sent.
  if (outcome !== "retry" && attempt.hasFailedSending) await noteRefused(db.sql, attempt.before);
  if (outcome === "pause_stream" && !(await isRefusedAlone(db.sql, lane.changes[0]?.id ?? 0, reason.code)))
    return pauseStream(deps, lane, reason);
  const attempts = attemptsOf(lane);
  log.warn({ stream: lane.stream, id: lane.recordId, code: error.code, attempts }, "a change was not pushed");
  if (outcome === "check_references" && (await checkReferences(deps, attempt))) return undefined;
  if (outcome === "repair") return end("conflict", reason);
  if (outcome === "refuse" || outcome === "pause_stream") return end("failed", reason);
  if (outcome === "retry" || outcome === "read_again") {
    const delay = Math.min(300, 0.5 * 2 ** Math.min(attempts, 10));
    return returnChanges(db.sql, lane.changes, { delay, sent: true, ...reason });
  }
  return (await attempt.endpoint.refreshSchema(attempt.options))
    ? returnChanges(db.sql, lane.changes, { delay: 0, sent: true, ...reason })
    : end("failed", reason);
}

/** What waits is told once, by the pause, and its attempts are not counted. */
async function pauseStream({ db, log, patience }: PushDeps, lane: Lane, reason: Reason): Promise<void> {
  const { stream } = lane;
  const isNew = await pauseWrites(db.sql, stream, { ms: patience.pauseMs, ...reason });
  const pauseMs = patience.pauseMs;
  if (isNew) log.warn({ stream, code: reason.code, pauseMs }, "writes are paused: Attio refuses all of them");
  // Another row is tried first: this one may be refused by itself.
  await returnChanges(db.sql, lane.changes, { delay: pauseMs / 1_000 + 1, sent: false, ...reason });
}

/**
 * Has changes wait, or go to another record, that name one which Attio does not have: it may have been merged a moment ago.
 * Gives false where it is something else that was not found.
 */
async function checkReferences(deps: PushDeps, attempt: FailedAttempt): Promise<boolean> {
  const { sql } = deps.db;
  const { endpoint, lane, error, hasFailedSending, options } = attempt;
  const isUpdate = lane.changes.every(({ operation }) => operation === "update");
  const isRowGone = isUpdate && error instanceof AttioNotFoundError;
  const delay = referenceDelay(lane, deps.patience);
  if (delay !== undefined && !(isRowGone && !hasFailedSending)) {
    // What was made may have gone along with its parent, into a record that it was merged into.
    const mayHaveMoved = !hasFailedSending && mayBeMade(lane) && error instanceof AttioNotFoundError;
    if (mayHaveMoved || (await lacksNamedRecord(deps, endpoint, lane, options))) {
      await returnChanges(sql, lane.changes, { delay, sent: true, ...reasonOf(error) });
      return true;
    }
  }
  if (isRowGone) await endOfGone(sql, lane, error);
  return isRowGone;
}

/**
 * Seconds until what names an unknown record is tried again, twice as long each time, or undefined once that has gone on long
 * enough. What waited for other reasons before has its tries all the same. Pure but for the clock.
 */
function referenceDelay(lane: Lane, { referenceMs }: Pick<Patience, "referenceMs">): number | undefined {
  const next = 2 ** Math.min(attemptsOf(lane), 10);
  const waited = Math.max(0, next - 2);
  const left = referenceMs / 1_000 - Math.min(waited, ageOf(lane) / 1_000);
  return left > 0 ? Math.min(next, left + 0.1) : undefined;
}

function attemptsOf({ changes }: Lane): number {
  return Math.max(...changes.map(({ attempts }) => attempts));
}

function reasonOf(error: AttioError): Reason {
  const said = error instanceof AttioApiError ? error.apiMessage : "";
  return { code: error.code, message: said === "" ? error.message : said };
}

/** A record that is changed here and gone in Attio: merged as we know, or else whoever changed it decides (design rule 26). */
async function endOfGone(sql: Sql, lane: Lane, { code }: AttioNotFoundError): Promise<void> {
  const message = "changed here, and gone in Attio: deleted, or merged into another record";
  const isMerged = await transact(sql, async (tx) => {
    const follows = await followMerge(tx, lane.changes);
    if (!follows) await endChanges(tx, lane.changes, "conflict", { code, message });
    return follows;
  });
  if (!isMerged) await markDirty(sql, lane.stream, [lane.recordId], "not found by a push");
}
