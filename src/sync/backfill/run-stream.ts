import {
  claimRun,
  countRequests,
  finishRun,
  LeaseLostError,
  listMissing,
  runTotals,
} from "../../db/queries/runs.ts";
import type { Holder, Run, RunState } from "../../db/queries/runs.ts";
import { markBackfilled, setStreamState } from "../../db/queries/streams.ts";
import type { StreamRow, StreamState } from "../../db/queries/streams.ts";
import { sleep } from "../../lib/sleep.ts";
import type { ApplyTarget } from "../apply/target.ts";
import type { SyncDeps } from "../deps.ts";
import { FIXED_TARGETS, fixedRowSource } from "../fetch/fixed-sources.ts";
import type { FixedTable } from "../fetch/fixed-sources.ts";
import { RecordSource, targetOf } from "../fetch/record-source.ts";
import type { LongestPages } from "../fetch/record-source.ts";
import type { RowSource } from "../fetch/row-source.ts";
import { isFixedStream } from "../streams.ts";
import { isTokenRefused, outcomeOf } from "../walk/outcome.ts";
import { countForCap, exceedsCap } from "../deletion-cap.ts";
import { isChildStream } from "../walk/child-streams.ts";
import { confirmMissing } from "./confirm.ts";
import type { RunContext } from "./run-context.ts";
import { backfillChildren } from "./backfill-children.ts";
import { backfillListing } from "./backfill-listing.ts";
import { backfillWindows } from "./backfill-windows.ts";

/** How often a stream that another process is backfilling is looked at again. */
const BUSY_POLL_MS = 500;

/** What a backfill of one stream came to. */
export interface StreamResult {
  stream: string;
  /** Rows that Attio showed. */
  rows: number;
  written: number;
  unchanged: number;
  deleted: number;
  requests: number;
  ms: number;
  state: StreamState;
  /** Why the state is not `ok`. */
  reason: string | null;
}

export interface RunOptions {
  allowDeletes: boolean;
  signal: AbortSignal;
  holder: Holder;
  longest: LongestPages;
  /** Told once how many rows the mirror holds already. */
  onHeld?: (held: number) => void;
  onRows?: (rows: number) => void;
}

interface Outcome {
  state: StreamState;
  reason: string | null;
  deleted: number;
}

/**
 * Backfills one stream, whose run the caller has claimed: reads everything, then deletes what is confirmed to be gone. What
 * goes wrong with this stream alone becomes its state; the caller goes on with the next one.
 *
 * @throws {AttioAuthError} when the token itself is refused (401), and the signal's reason when aborted
 */
export async function runStream(
  deps: SyncDeps,
  stream: StreamRow,
  run: Run,
  options: RunOptions,
): Promise<StreamResult> {
  const startedAt = performance.now();
  const context: RunContext = {
    deps,
    run,
    holder: options.holder,
    signal: options.signal,
    onRows: options.onRows ?? (() => undefined),
  };
  let outcome: Outcome;
  try {
    outcome = await backfillStream(context, stream, options);
  } catch (error) {
    if (error instanceof LeaseLostError) throw error;
    outcome = { ...outcomeOf(error), deleted: 0 };
    if (outcome.state === "failed" && !options.signal.aborted)
      deps.log.warn({ stream: stream.stream, run: run.id, err: error }, "backfill failed");
    await close(deps, stream.stream, run, outcome, outcome.state === "failed" ? "failed" : "parked");
    if (options.signal.aborted || isTokenRefused(error)) throw error;
    return resultOf(deps, stream.stream, run, outcome, performance.now() - startedAt);
  }
  // What came to its end is not gone on with, even if it was found wanting: the next run reads everything again.
  await close(deps, stream.stream, run, outcome, outcome.state === "parked" ? "parked" : "done");
  return resultOf(deps, stream.stream, run, outcome, performance.now() - startedAt);
}

/** Takes or resumes a stream's run. Waits for its turn where another process is at work on the stream. */
export async function claimInTurn(holder: Holder, stream: string, signal: AbortSignal): Promise<Run> {
  for (;;) {
    signal.throwIfAborted();
    const claimed = await claimRun(holder, stream);
    if (claimed.kind === "claimed") return claimed.run;
    await sleep(BUSY_POLL_MS, signal);
  }
}

async function backfillStream(context: RunContext, stream: StreamRow, options: RunOptions): Promise<Outcome> {
  if (stream.kind !== "fixed") {
    const source = await RecordSource.open(context.deps, stream, options.longest);
    await Promise.all([noteHeld(context, targetOf(source.plan), options), backfillWindows(context, source)]);
    return settleMissing(context, options, () => ({ target: targetOf(source.plan), source }));
  }
  const { stream: name } = stream;
  if (!isFixedStream(name)) throw new Error(`no walk for stream ${name}`);
  await noteHeld(context, FIXED_TARGETS[name], options);
  if (isChildStream(name)) {
    await backfillChildren(context, name);
  } else {
    await backfillListing(context, name);
    const empty = await emptyListing(context, name);
    if (empty !== undefined) return empty;
  }
  return settleMissing(context, options, (table) => ({
    target: FIXED_TARGETS[table],
    source: fixedRowSource(context.deps, table),
  }));
}

/** Only the display of progress wants it, so the walk does not wait: a large table is long in counting. */
async function noteHeld({ deps }: RunContext, target: ApplyTarget, { onHeld }: RunOptions): Promise<void> {
  if (onHeld === undefined) return;
  try {
    onHeld((await countForCap(deps.db.sql, target)).held);
  } catch (error) {
    deps.log.warn({ stream: target.stream, err: error }, "rows not counted");
  }
}

/** An empty list of notes has been seen where there were notes (reported by integrators): it says nothing. */
async function emptyListing({ deps, run }: RunContext, stream: string): Promise<Outcome | undefined> {
  if (stream !== "notes") return undefined;
  const totals = await runTotals(deps.db.sql, run.id);
  const missing = await listMissing(deps.db.sql, run.id);
  if (totals.rows > 0 || missing.length === 0) return undefined;
  const reason = `Attio lists no notes although the mirror holds ${missing.length}; nothing was deleted`;
  return { state: "empty", reason, deleted: 0 };
}

/** Decides on rows that were not shown: too many at once park the run, the others are looked up and deleted. */
async function settleMissing(
  context: RunContext,
  { allowDeletes }: RunOptions,
  sourceOf: (table: FixedTable) => { target: ApplyTarget; source: RowSource },
): Promise<Outcome> {
  const { deps, run } = context;
  const missing = await listMissing(deps.db.sql, run.id);
  let deleted = 0;
  let leftOut = 0;
  for (const stream of new Set(missing.map((row) => row.stream))) {
    const ids = missing.filter((row) => row.stream === stream).map((row) => row.id);
    // Only fixed tables have companions; for records the argument is not looked at.
    const { target, source } = sourceOf(stream as FixedTable);
    const { recent, held } = await countForCap(deps.db.sql, target);
    if (!allowDeletes && exceedsCap(ids.length, recent, held)) {
      const reason = `${ids.length} of ${held} rows are missing in Attio, which is too many to delete unasked; run "backfill ${run.stream} --allow-deletes" to accept it`;
      return { state: "parked", reason, deleted };
    }
    const confirmed = await confirmMissing(context, target, source, ids);
    await countRequests(deps.db.sql, run.id, confirmed.requests);
    deleted += confirmed.deleted;
    // Children may be looked up because their parent is not mirrored; that they exist says nothing of a listing.
    if (!isChildStream(run.stream)) leftOut += confirmed.found;
  }
  if (leftOut === 0) return { state: "ok", reason: null, deleted };
  const reason = `Attio's listing left out ${leftOut} rows that exist; they were read singly, and the run is not complete`;
  return { state: "failed", reason, deleted };
}

async function close(
  deps: SyncDeps,
  stream: string,
  run: Run,
  { state, reason, deleted }: Outcome,
  runState: RunState,
): Promise<void> {
  await finishRun(deps.db.sql, run, { state: runState, reason, deleted });
  if (state === "ok") await markBackfilled(deps.db.orm, stream);
  else await setStreamState(deps.db.orm, stream, state, reason);
}

async function resultOf(
  deps: SyncDeps,
  stream: string,
  run: Run,
  { state, reason }: Outcome,
  ms: number,
): Promise<StreamResult> {
  const { rows, written, unchanged, deleted, requests } = await runTotals(deps.db.sql, run.id);
  return { stream, rows, written, unchanged, deleted, requests, ms: Math.round(ms), state, reason };
}
