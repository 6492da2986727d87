import type { Sql, Tx } from "../client.ts";
import { quoteIdentifier } from "../mirror/identifiers.ts";
import { mirrorTable } from "../mirror/sql-names.ts";
import { holdStream } from "../locks.ts";
import { findCandidates, type Candidate, type Places } from "./outbox-candidates.ts";
import { findWrittenTable, type Lane, type OutboxChange } from "./outbox.ts";
import { endHold } from "./outbox-holds.ts";
import { dropOutrun } from "./outbox-merges.ts";

/** A row that may be taken. */
interface Head extends Pick<Lane, "stream" | "recordId"> {
  /** Its oldest change. */
  id: number;
  /** The failed insert for whose sake it is parked. */
  parkedBy: number | null;
  /** Whether a later change of the row has been pushed already. */
  isOutrun: boolean;
  /** Seconds that it is left alone, since an earlier request for it may still be carried out; null for none. */
  rests: number | null;
}

/** Where claims go on, e.g. `{ graceMs: 15_000, after: 48213 }`. */
export interface ClaimOptions {
  /** So long after it was sent, a request without answer has been carried out or never will be. */
  graceMs: number;
  /** The bulk that had its turn last; the next one is that behind it. */
  after: number;
}

/** Row changes that were taken. */
export interface Claim {
  lanes: { lane: Lane; isBulk: boolean }[];
  after: number;
  /** Milliseconds until the next change is due that is not due yet; null for none. */
  dueInMs: number | null;
}

/** A change that was taken, its times by the age: the clock of this process need not be right. */
interface ClaimedRow extends Omit<Lane, "changes">, Omit<OutboxChange, "createdAtMs" | "attemptedAtMs"> {
  createdMsAgo: number;
  attemptedMsAgo: number | null;
}

/** Why inserts are held until somebody says what is to become of them; an edit does not let them go (design rule 15). */
const PARKED = "('too_many_inserts', 'copied_database', 'other_workspace')";

/**
 * Takes row changes that are due, fairly among batches, one process at a time. A row of which something is under way waits, also
 * with what was changed before that: a merge may bring changes together late. A row that took more than one request rests for a
 * grace: the earlier one may still be carried out, and would undo what is sent next. A failed insert is taken along with a later
 * change of its row (design rule 30); if it was parked, the change is parked as well.
 *
 * @param sql a connection that lives as long as its process pushes: a claim is void once it is gone
 */
export async function claimLanes(sql: Sql, places: Places, options: ClaimOptions): Promise<Claim> {
  const claim = await sql.begin(async (tx): Promise<Claim | undefined> => {
    await tx`SELECT pg_advisory_xact_lock(hashtext('attio-mirror claims'))`;
    const { rows: candidates, lastBatch, dueInMs } = await findCandidates(tx, places, options.after);
    const bulks = candidates.filter(({ isBulk }) => isBulk).map(({ batch }) => batch);
    const after = lastInTurn(bulks, options.after) ?? (places.bulk > 0 ? lastBatch : null) ?? options.after;
    const none = { lanes: [], after, dueInMs };
    if (candidates.length === 0) return none;
    const heads = await lockHeads(tx, candidates, options.graceMs);
    if (heads.length === 0) return none;
    const resting = heads.filter(({ rests }) => rests !== null);
    const awake = heads.filter(({ rests }) => rests === null);
    const free = awake.filter(({ parkedBy }) => parkedBy === null);
    const held = awake.filter(({ parkedBy }) => parkedBy !== null);
    if (resting.length > 0) await putOff(tx, resting);
    if (held.length > 0) await parkWithInsert(tx, held);
    // Behind those others may be due.
    if (free.length === 0) return undefined;
    const dropped = await endOutrunHolds(
      tx,
      free.filter(({ isOutrun }) => isOutrun),
    );
    await dropOutrun(tx, [...dropped]);
    const takable = free.filter(({ isOutrun, recordId }) => !isOutrun || dropped.has(recordId));
    if (takable.length === 0) return none;
    const rows = await takeRows(tx, takable);
    if (rows.length === 0) return undefined;
    const inBulk = new Set(candidates.filter(({ isBulk }) => isBulk).map(({ head }) => head));
    const bulkRows = new Set(heads.filter(({ id }) => inBulk.has(id)).map(({ recordId }) => recordId));
    return { ...none, lanes: lanesOf(rows).map((lane) => ({ lane, isBulk: bulkRows.has(lane.recordId) })) };
  });
  return claim ?? claimLanes(sql, places, options);
}

/** The last of these batches, when those behind `after` come first. Pure. */
function lastInTurn(batches: readonly number[], after: number): number | undefined {
  const wrapped = batches.filter((batch) => batch <= after);
  const last = Math.max(...(wrapped.length > 0 ? wrapped : batches));
  return batches.length === 0 ? undefined : last;
}

async function lockHeads(tx: Tx, candidates: readonly Candidate[], graceMs: number): Promise<Head[]> {
  return tx<Head[]>`
    SELECT o.id, o.stream, o.record_id AS "recordId", (
      SELECT p.id FROM attio_sync.outbox p
      WHERE p.record_id = o.record_id AND p.stream = o.stream AND p.operation = 'insert' AND p.status = 'failed'
        AND p.error_code IN ${tx.unsafe(PARKED)}
        -- What was never sent is cancelled by its deletion.
        AND NOT (o.operation = 'delete' AND p.error_code = 'too_many_inserts' AND p.attempted_at IS NULL) LIMIT 1
      ) AS "parkedBy",
      NOT o.forced AND EXISTS (
        SELECT FROM attio_sync.outbox l
        WHERE l.record_id = o.record_id AND l.stream = o.stream AND l.id > o.id AND l.status = 'pushed'
      ) AS "isOutrun", (
        SELECT extract(epoch FROM max(e.pushed_at) - clock_timestamp())::float8 + ${graceMs / 1_000}::float8
        FROM attio_sync.outbox e
        WHERE e.record_id = o.record_id AND e.stream = o.stream AND e.attempts > 1
          AND e.pushed_at > clock_timestamp() - ${graceMs / 1_000}::float8 * interval '1 second'
      ) AS rests
    FROM attio_sync.outbox o
    WHERE o.id = ANY(${candidates.map(({ head }) => head)}::bigint[]) AND o.status = 'pending'
    ORDER BY o.id FOR UPDATE SKIP LOCKED`;
}

/** Lets rows rest: they are due when that is over, and whoever pushes is woken then. */
async function putOff(tx: Tx, resting: readonly Head[]): Promise<void> {
  await tx`
    UPDATE attio_sync.outbox o SET due_at = clock_timestamp() + h.rests * interval '1 second'
    FROM json_to_recordset(${JSON.stringify(resting)}::text::json) AS h(id bigint, rests float8) WHERE o.id = h.id`;
}

async function takeRows(tx: Tx, heads: readonly Head[]): Promise<ClaimedRow[]> {
  return tx<ClaimedRow[]>`
    UPDATE attio_sync.outbox o SET status = 'pushing', attempts = attempts + 1, claimed_by = pg_backend_pid(),
      claimed_at = clock_timestamp()
    FROM json_to_recordset(${JSON.stringify(heads)}::text::json) AS h(stream text, "recordId" uuid)
    WHERE o.record_id = h."recordId" AND o.stream = h.stream
      AND (o.status = 'pending' OR o.status IN ('failed', 'conflict') AND o.operation = 'insert')
    RETURNING o.stream, o.record_id AS "recordId", o.id, o.operation, o.changes, o.base, o.attempts, o.forced,
      (extract(epoch FROM clock_timestamp() - o.created_at) * 1000)::float8 AS "createdMsAgo",
      (extract(epoch FROM clock_timestamp() - o.attempted_at) * 1000)::float8 AS "attemptedMsAgo",
      coalesce((SELECT plan_version FROM attio_sync.streams s WHERE s.stream = o.stream), 0) AS "planVersion"`;
}

/**
 * Ends the holds of rows whose changes are about to be dropped: the push of the later change has left in them what was held.
 * Gives the ids of all but those that a user has locked, for which nothing else shall wait.
 */
async function endOutrunHolds(tx: Tx, heads: readonly Head[]): Promise<Set<string>> {
  const ended = new Set<string>();
  for (const { stream, recordId } of heads) {
    await holdStream(tx, stream);
    const table = await findWrittenTable(tx, stream);
    if (table !== undefined) {
      const row = `SELECT FROM ${mirrorTable(table.name)} WHERE ${quoteIdentifier(table.key)} = $1`;
      const present = await tx.unsafe(row, [recordId]);
      const locked = await tx.unsafe(`${row} FOR NO KEY UPDATE SKIP LOCKED`, [recordId]);
      if (locked.length < present.length) continue;
      await endHold(tx, table, { stream, recordId, reason: "changed again since" });
    }
    ended.add(recordId);
  }
  return ended;
}

async function parkWithInsert(tx: Tx, held: readonly Head[]): Promise<void> {
  await tx`
    UPDATE attio_sync.outbox o SET status = 'failed', error_code = p.error_code, error_message = p.error_message
    FROM json_to_recordset(${JSON.stringify(held)}::text::json) AS h(stream text, "recordId" uuid, "parkedBy" bigint)
    JOIN attio_sync.outbox p ON p.id = h."parkedBy"
    WHERE o.record_id = h."recordId" AND o.stream = h.stream AND o.status = 'pending'`;
}

function lanesOf(rows: readonly ClaimedRow[]): Lane[] {
  const nowMs = Date.now();
  const lanes = new Map<string, Lane>();
  for (const row of rows.toSorted((a, b) => a.id - b.id)) {
    const { stream, recordId, planVersion, createdMsAgo, attemptedMsAgo, ...change } = row;
    const key = `${stream} ${recordId}`;
    const lane = lanes.get(key) ?? { stream, recordId, planVersion, changes: [] };
    lane.changes.push({
      ...change,
      createdAtMs: nowMs - createdMsAgo,
      attemptedAtMs: attemptedMsAgo === null ? null : nowMs - attemptedMsAgo,
    });
    lanes.set(key, lane);
  }
  return [...lanes.values()];
}
