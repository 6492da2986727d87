import { addSeen, findSeen } from "../../db/queries/runs.ts";
import { findUndated } from "../../db/queries/compare.ts";
import type { StreamRow, StreamState } from "../../db/queries/streams.ts";
import { beginVerification, endVerification } from "../../db/queries/verifications.ts";
import { transact } from "../../db/tx.ts";
import { countForCap } from "../deletion-cap.ts";
import type { SyncDeps } from "../deps.ts";
import { FIXED_TARGETS, fixedRowSource } from "../fetch/fixed-sources.ts";
import type { FixedTable } from "../fetch/fixed-sources.ts";
import { RecordSource, targetOf } from "../fetch/record-source.ts";
import type { LongestPages } from "../fetch/record-source.ts";
import { isFixedStream } from "../streams.ts";
import { findAbsentAtParents, findAbsentFromListing, findAbsentInSpan, findOrphans } from "../walk/absent.ts";
import { CHILD_STREAMS, isChildStream } from "../walk/child-streams.ts";
import type { ChildStream } from "../walk/child-streams.ts";
import { walkChildren } from "../walk/children.ts";
import { walkListing } from "../walk/listing.ts";
import type { ListingStream } from "../walk/listing.ts";
import { isTokenRefused, outcomeOf } from "../walk/outcome.ts";
import { walkWindows } from "../walk/windows.ts";
import { Findings } from "./findings.ts";
import type { Drift } from "./findings.ts";
import type { HeldRow } from "./held.ts";
import { Repair } from "./repair.ts";
import { TableCheck } from "./table-check.ts";
import type { VerifyContext } from "./table-check.ts";

/** What the comparison of one stream came to. */
export interface StreamVerification {
  stream: string;
  /** Rows that Attio showed, all of them compared. */
  rows: number;
  different: number;
  missing: number;
  extra: number;
  /** Rows that changed while they were looked at, or wait to be fetched again: no drift. */
  inFlight: number;
  /** Rows that are not as Attio has them because they were written here and that is not there: no drift. */
  held: number;
  /** Rows that the mirror is known not to have as they are, by reason: no drift either. */
  setAside: Readonly<Record<string, number>>;
  examples: readonly Drift[];
  heldExamples: readonly HeldRow[];
  requests: number;
  ms: number;
  /** How many of the rows that drifted are mended, and how many were to be deleted but were too many. */
  repaired: number;
  heldBack: number;
  state: StreamState;
  /** Why the state is not `ok`: then the stream was not compared, or not to its end. */
  reason: string | null;
}

export interface VerifyStreamOptions {
  repair: boolean;
  signal: AbortSignal;
  longest: LongestPages;
  /** Told once how many rows the mirror holds. */
  onHeld: (held: number) => void;
  onRows: (rows: number) => void;
}

interface Outcome {
  state: StreamState;
  reason: string | null;
}

const OK: Outcome = { state: "ok", reason: null };

/**
 * Compares one stream. What goes wrong with this stream alone becomes its state.
 *
 * @throws {AttioAuthError} when the token itself is refused (401), and the signal's reason when aborted
 */
export async function verifyStream(
  deps: SyncDeps,
  stream: StreamRow,
  options: VerifyStreamOptions,
): Promise<StreamVerification> {
  const startedAt = performance.now();
  const { signal } = options;
  const verification = await beginVerification(deps.db.sql, stream.stream);
  const findings = new Findings();
  const repair = options.repair ? new Repair(deps, signal) : undefined;
  const context: VerifyContext = { deps, verification, findings, repair, signal };
  let outcome: Outcome;
  try {
    outcome = await compareStream(context, stream, options);
  } catch (error) {
    if (signal.aborted || isTokenRefused(error)) throw error;
    outcome = outcomeOf(error);
    if (outcome.state === "failed") deps.log.warn({ stream: stream.stream, err: error }, "verify failed");
  } finally {
    await endVerification(deps.db.sql, verification);
  }
  return resultOf(stream.stream, findings, outcome, performance.now() - startedAt);
}

/** The result of a stream that Attio does not show: there is nothing to compare with. */
export function notVerified({ stream, state, reason }: StreamRow): StreamVerification {
  return resultOf(stream, new Findings(), { state: state as StreamState, reason }, 0);
}

function resultOf(stream: string, findings: Findings, outcome: Outcome, ms: number): StreamVerification {
  const { rows, drift, inFlight, held, setAside, examples, heldExamples, requests, repaired, heldBack } =
    findings;
  return {
    stream,
    rows,
    ...drift,
    inFlight,
    held,
    setAside: Object.fromEntries(setAside),
    examples,
    heldExamples,
    requests,
    ms: Math.round(ms),
    repaired,
    heldBack,
    ...outcome,
  };
}

async function compareStream(
  context: VerifyContext,
  stream: StreamRow,
  options: VerifyStreamOptions,
): Promise<Outcome> {
  const { deps } = context;
  const { stream: name } = stream;
  if (stream.kind !== "fixed") {
    const source = await RecordSource.open(deps, stream, options.longest);
    options.onHeld((await countForCap(deps.db.sql, targetOf(source.plan))).held);
    await compareRecords(context, source, options);
    return OK;
  }
  if (!isFixedStream(name)) throw new Error(`no walk for stream ${name}`);
  options.onHeld((await countForCap(deps.db.sql, FIXED_TARGETS[name])).held);
  if (isChildStream(name)) {
    await compareChildren(context, CHILD_STREAMS[name], options);
    return OK;
  }
  return compareListing(context, name, options);
}

async function compareRecords(
  context: VerifyContext,
  source: RecordSource,
  { signal, onRows }: VerifyStreamOptions,
): Promise<void> {
  const { findings, verification } = context;
  const check = new TableCheck(context, { target: () => targetOf(source.plan), source });
  await check.checkSequence();
  await walkWindows(
    source,
    {
      resume: () => Promise.resolve([]),
      open: () => Promise.resolve(),
      take: async (span, { cursor }) => {
        await check.compare({ target: span.target, rows: span.items.map((item) => item.row) });
        findings.rows += span.items.length;
        findings.requests += span.requests;
        const { to, begin } = span;
        const closed = { from: cursor.at, to, begin, shown: span.items.map((item) => item.id) };
        await check.suspectAbsent(
          await check.underPlan((tx, target) => findAbsentInSpan(tx, target, closed)),
        );
        onRows(span.items.length);
      },
      countRequests: (requests) => {
        findings.requests += requests;
        return Promise.resolve();
      },
    },
    signal,
  );
  await check.suspectAbsent(
    await check.underPlan((tx, target) => findUndated(tx, target, verification.firstTicket)),
  );
  await check.finish();
}

async function compareListing(
  context: VerifyContext,
  stream: ListingStream,
  { signal, onRows }: VerifyStreamOptions,
): Promise<Outcome> {
  const { deps, findings, verification } = context;
  const { sql } = deps.db;
  const target = FIXED_TARGETS[stream];
  const check = fixedCheck(context, stream);
  await check.checkSequence();
  await walkListing(
    { client: deps.client, sql },
    stream,
    {
      resume: (start) => Promise.resolve(start),
      known: (ids) => findSeen(sql, verification.id, ids),
      take: async ({ value: rows, requests }) => {
        const ids = rows.map((row) => row.id);
        await transact(sql, (tx) => addSeen(tx, verification.id, ids));
        await check.compare({ target, rows: [...rows] });
        findings.rows += rows.length;
        findings.requests += requests;
        onRows(rows.length);
      },
    },
    signal,
  );
  const absent = await findAbsentFromListing(sql, target, verification);
  // An empty list of notes has been seen where there were notes (reported by integrators): it says nothing.
  if (stream === "notes" && findings.rows === 0 && absent.length > 0) {
    return {
      state: "empty",
      reason: `Attio lists no notes although the mirror holds ${absent.length}; they were not compared`,
    };
  }
  await check.suspectAbsent(absent);
  await check.suspectAbsent(await findUndated(sql, target, verification.firstTicket));
  await check.finish();
  return OK;
}

async function compareChildren(
  context: VerifyContext,
  child: ChildStream,
  { signal, onRows }: VerifyStreamOptions,
): Promise<void> {
  const { deps, findings, verification } = context;
  const { sql } = deps.db;
  const checks = child.tables.map((table) => ({ table, check: fixedCheck(context, table) }));
  for (const { check } of checks) await check.checkSequence();
  await walkChildren(
    { client: deps.client, sql },
    child,
    {
      take: async ({ parents, read, shown, begin, requests }) => {
        findings.requests += requests;
        for (const { table, check } of checks) {
          const target = FIXED_TARGETS[table];
          const rows = shown.get(table) ?? [];
          await check.compare({ target, rows: [...rows] });
          const listed = { ids: read, begin, shown: rows.map((row) => row.id) };
          await check.suspectAbsent(await findAbsentAtParents(sql, target, parents, listed));
        }
        // Companions are compared along with the stream's own table, but are no rows of it.
        const own = checks[0] === undefined ? 0 : (shown.get(checks[0].table)?.length ?? 0);
        findings.rows += own;
        onRows(own);
      },
    },
    signal,
  );
  for (const { table, check } of checks) {
    await check.suspectAbsent(await findOrphans(sql, FIXED_TARGETS[table], child, verification.firstTicket));
    await check.suspectAbsent(await findUndated(sql, FIXED_TARGETS[table], verification.firstTicket));
    await check.finish();
  }
}

function fixedCheck(context: VerifyContext, table: FixedTable): TableCheck {
  return new TableCheck(context, {
    target: () => FIXED_TARGETS[table],
    source: fixedRowSource(context.deps, table),
  });
}
