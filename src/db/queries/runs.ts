import type { Sql, Tx } from "../client.ts";
import { transact } from "../tx.ts";
import { drawTicket } from "./tickets.ts";

/** How long an unfinished run may be taken up again; an older one would close windows on stale pages. */
const RESUMABLE_FOR = "24 hours";

/** How long a run is safe from others after its holder's last sign of life, should its connection not tell. */
const LEASE = "30 seconds";

export interface Run {
  id: number;
  stream: string;
  /** Drawn when the run began: rows with a ticket above it were read by somebody meanwhile. */
  firstTicket: number;
}

/** How a run ended. Only a failed one is gone on with: it broke off in the middle. */
export type RunState = "done" | "parked" | "failed";

/** How far one window or crawl of a run has got. */
export interface RunPart<Cursor> {
  part: number;
  cursor: Cursor;
  done: boolean;
}

export interface RunTotals {
  rows: number;
  written: number;
  unchanged: number;
  deleted: number;
  requests: number;
  droppedCharacters: number;
}

/** Who works on a run: a token, and the database connection whose end tells the others that its process is gone. */
export interface Holder {
  token: string;
  /** The connection itself. */
  sql: Sql;
}

export type Claim = { kind: "claimed"; run: Run; resumed: boolean } | { kind: "busy" };

/** Another process took the run over; what this one still holds of it must not be written. */
export class LeaseLostError extends Error {
  constructor(runId: number) {
    super(`run ${runId} was taken over by another process`);
    this.name = "LeaseLostError";
  }
}

/**
 * Takes a stream's run: an unfinished one goes on where it was, else a new one begins. At most one process works on a
 * stream; a run whose holder's connection is gone is free at once.
 */
export async function claimRun(holder: Holder, stream: string): Promise<Claim> {
  return transact(holder.sql, async (tx) => {
    // One claim at a time for a stream.
    await tx`SELECT 1 FROM attio_sync.streams WHERE stream = ${stream} FOR UPDATE`;
    const [open] = await tx<{ id: number; firstTicket: number; held: boolean }[]>`
      SELECT r.id, r.first_ticket AS "firstTicket",
             r.state = 'running' AND r.lease_expires_at > now() AND EXISTS (
               SELECT 1 FROM pg_stat_activity a
               WHERE a.pid = r.holder_pid AND a.backend_start = r.holder_started_at) AS held
      FROM attio_sync.runs r
      WHERE r.stream = ${stream} AND r.state IN ('running', 'failed')
        AND r.started_at > now() - ${RESUMABLE_FOR}::interval
        AND r.id = (SELECT max(id) FROM attio_sync.runs WHERE stream = ${stream})`;
    if (open?.held === true) return { kind: "busy" };
    const run =
      open === undefined
        ? await insertRun(tx, stream)
        : { id: open.id, stream, firstTicket: open.firstTicket };
    await hold(tx, holder, run.id);
    return { kind: "claimed", run, resumed: open !== undefined };
  });
}

async function insertRun(tx: Tx, stream: string): Promise<Run> {
  const firstTicket = await drawTicket(tx);
  const [row] = await tx<{ id: number }[]>`
    INSERT INTO attio_sync.runs (stream, state, first_ticket) VALUES (${stream}, 'running', ${firstTicket})
    RETURNING id`;
  if (row === undefined) throw new Error("INSERT returned no run");
  return { id: row.id, stream, firstTicket };
}

async function hold(tx: Tx, holder: Holder, runId: number): Promise<void> {
  await tx`
    UPDATE attio_sync.runs r SET state = 'running', reason = NULL, holder = ${holder.token}, holder_pid = a.pid,
      holder_started_at = a.backend_start, lease_expires_at = now() + ${LEASE}::interval
    FROM pg_stat_activity a WHERE a.pid = pg_backend_pid() AND r.id = ${runId}`;
}

/** A sign of life for all runs of a holder; to be given well within the lease. */
export async function renewLeases(holder: Holder): Promise<void> {
  await holder.sql`
    UPDATE attio_sync.runs r SET holder_pid = a.pid, holder_started_at = a.backend_start,
      lease_expires_at = now() + ${LEASE}::interval
    FROM pg_stat_activity a
    WHERE a.pid = pg_backend_pid() AND r.holder = ${holder.token} AND r.state = 'running'`;
}

/** The checkpoints of a run, in the order of their parts. */
export async function loadParts<Cursor>(sql: Sql, runId: number): Promise<RunPart<Cursor>[]> {
  return sql<RunPart<Cursor>[]>`
    SELECT part, cursor, done FROM attio_sync.run_parts WHERE run_id = ${runId} ORDER BY part`;
}

/** Opens a part of a run. */
export async function addPart(sql: Sql, runId: number, part: number, cursor: unknown): Promise<void> {
  await sql`
    INSERT INTO attio_sync.run_parts (run_id, part, cursor)
    VALUES (${runId}, ${part}, ${JSON.stringify(cursor)}::text::jsonb)`;
}

export interface Checkpoint {
  part: number;
  cursor: unknown;
  done: boolean;
  rows: number;
  written: number;
  unchanged: number;
  requests: number;
  droppedCharacters: number;
}

/**
 * Moves a checkpoint on, in the transaction that writes the rows it covers.
 *
 * @throws {LeaseLostError} when the run is no longer this holder's
 */
export async function saveCheckpoint(tx: Tx, run: Run, holder: Holder, at: Checkpoint): Promise<void> {
  const done = await tx`
    UPDATE attio_sync.run_parts SET cursor = ${JSON.stringify(at.cursor)}::text::jsonb, done = ${at.done},
      rows = rows + ${at.rows}, written = written + ${at.written}, unchanged = unchanged + ${at.unchanged},
      requests = requests + ${at.requests}, dropped_characters = dropped_characters + ${at.droppedCharacters}
    WHERE run_id = ${run.id} AND part = ${at.part}
      AND EXISTS (SELECT 1 FROM attio_sync.runs WHERE id = ${run.id} AND holder = ${holder.token})`;
  if (done.count === 0) throw new LeaseLostError(run.id);
}

/** Notes ids that the run expected and did not see. */
export async function addMissing(
  tx: Tx,
  runId: number,
  stream: string,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  await tx`
    INSERT INTO attio_sync.run_missing (run_id, stream, id)
    SELECT ${runId}, ${stream}, id FROM unnest(${ids as string[]}::uuid[]) AS id ON CONFLICT DO NOTHING`;
}

export async function listMissing(sql: Sql, runId: number): Promise<{ stream: string; id: string }[]> {
  return sql<{ stream: string; id: string }[]>`
    SELECT stream, id FROM attio_sync.run_missing WHERE run_id = ${runId} ORDER BY stream, id`;
}

/** Notes ids that a listing without an order has shown. */
export async function addSeen(tx: Tx, runId: number, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx`
    INSERT INTO attio_sync.run_seen (run_id, id)
    SELECT ${runId}, id FROM unnest(${ids as string[]}::uuid[]) AS id ON CONFLICT DO NOTHING`;
}

/** Which of these ids the run has seen before. */
export async function findSeen(sql: Sql, runId: number, ids: readonly string[]): Promise<Set<string>> {
  const rows = await sql<{ id: string }[]>`
    SELECT id FROM attio_sync.run_seen WHERE run_id = ${runId} AND id = ANY(${ids as string[]}::uuid[])`;
  return new Set(rows.map((row) => row.id));
}

/** Requests that belong to no checkpoint: confirmations, looks at single rows. */
export async function countRequests(sql: Sql, runId: number, requests: number): Promise<void> {
  await sql`UPDATE attio_sync.runs SET requests = requests + ${requests} WHERE id = ${runId}`;
}

/** Ends a run. Its parts and lists stay for the record, but for what is only needed to go on. */
export async function finishRun(
  sql: Sql,
  run: Run,
  outcome: { state: RunState; reason: string | null; deleted: number },
): Promise<void> {
  await sql`
    UPDATE attio_sync.runs SET state = ${outcome.state}, reason = ${outcome.reason}, finished_at = now(),
      deleted = deleted + ${outcome.deleted}, holder_pid = NULL, lease_expires_at = NULL
    WHERE id = ${run.id}`;
  if (outcome.state === "failed") return;
  await sql`DELETE FROM attio_sync.run_seen WHERE run_id = ${run.id}`;
  await sql`DELETE FROM attio_sync.run_missing WHERE run_id = ${run.id}`;
}

/** What a run has done so far, over all its parts. */
export async function runTotals(sql: Sql, runId: number): Promise<RunTotals> {
  const [row] = await sql<RunTotals[]>`
    SELECT coalesce(sum(p.rows), 0)::bigint AS rows, coalesce(sum(p.written), 0)::bigint AS written,
           coalesce(sum(p.unchanged), 0)::bigint AS unchanged, r.deleted,
           (r.requests + coalesce(sum(p.requests), 0))::bigint AS requests,
           coalesce(sum(p.dropped_characters), 0)::bigint AS "droppedCharacters"
    FROM attio_sync.runs r LEFT JOIN attio_sync.run_parts p ON p.run_id = r.id
    WHERE r.id = ${runId} GROUP BY r.id`;
  if (row === undefined) throw new Error(`there is no run ${runId}`);
  return row;
}

/** Forgets runs that did not come to their end, so that none goes on where it was. */
export async function forgetUnfinishedRuns(tx: Tx): Promise<void> {
  await tx`DELETE FROM attio_sync.runs WHERE state IN ('running', 'failed')`;
}
