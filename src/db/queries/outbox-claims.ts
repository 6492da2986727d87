import type { Sql, Tx } from "../client.ts";
import { quoteIdentifier } from "../mirror/identifiers.ts";
import { mirrorTable } from "../mirror/sql-names.ts";
import { holdStream } from "../locks.ts";
import { findWrittenTable, type Lane, type OutboxChange } from "./outbox.ts";
import { endHold } from "./outbox-holds.ts";
import { dropOutrun } from "./outbox-merges.ts";

/** A lane that may be taken. */
interface Head extends Pick<Lane, "stream" | "recordId"> {
  /** The failed insert for whose sake it is parked. */
  parkedBy: number | null;
  /** Whether a later change of the row has been pushed already. */
  isOutrun: boolean;
}

/** A change that was taken, its times by the age: the clock of this process need not be right. */
interface ClaimedRow extends Omit<Lane, "changes">, Omit<OutboxChange, "createdAtMs" | "attemptedAtMs"> {
  createdMsAgo: number;
  attemptedMsAgo: number | null;
}

/** Seconds that changes of a row that was just pushed gather before the next request. */
const GATHER = 1;

/** Why inserts are held until somebody says what is to become of them; an edit does not let them go (design rule 15). */
const PARKED = "('too_many_inserts', 'copied_database', 'other_workspace')";

/**
 * Takes lanes whose oldest change is due, one process at a time. A row of which something is under way waits, also with what
 * was changed before that: a merge may bring changes together late. A row that took more than one request rests for a grace: the
 * earlier one may still be carried out, and would undo what is sent next. A failed insert is taken along with a later
 * change of its row (design rule 30); if it was parked, the change is parked as well.
 *
 * @param sql a connection that lives as long as its process pushes: a claim is void once it is gone
 * @param graceMs so long after it was sent, a request without answer has been carried out or never will be
 */
export async function claimLanes(sql: Sql, limit: number, graceMs: number): Promise<Lane[]> {
  const lanes = await sql.begin(async (tx): Promise<Lane[] | undefined> => {
    await tx`SELECT pg_advisory_xact_lock(hashtext('attio-mirror claims'))`;
    const heads = await tx<Head[]>`
      SELECT o.stream, o.record_id AS "recordId", (
        SELECT p.id FROM attio_sync.outbox p
        WHERE p.record_id = o.record_id AND p.stream = o.stream AND p.operation = 'insert' AND p.status = 'failed'
          AND p.error_code IN ${sql.unsafe(PARKED)}
          -- What was never sent is cancelled by its deletion.
          AND NOT (o.operation = 'delete' AND p.error_code = 'too_many_inserts' AND p.attempted_at IS NULL) LIMIT 1
        ) AS "parkedBy",
        NOT o.forced AND EXISTS (
          SELECT FROM attio_sync.outbox l
          WHERE l.record_id = o.record_id AND l.stream = o.stream AND l.id > o.id AND l.status = 'pushed'
        ) AS "isOutrun"
      FROM attio_sync.outbox o
      WHERE o.status = 'pending' AND o.due_at <= clock_timestamp() AND NOT EXISTS (
        SELECT FROM attio_sync.outbox e
        WHERE e.record_id = o.record_id AND e.stream = o.stream AND (e.id < o.id AND e.status = 'pending' OR e.status = 'pushing'
          OR e.pushed_at > clock_timestamp()
            - CASE WHEN e.attempts > 1 THEN ${graceMs / 1_000}::float8 ELSE ${GATHER}::float8 END * interval '1 second'))
        AND NOT EXISTS (
          SELECT FROM attio_sync.streams s WHERE s.stream = o.stream AND s.writes_paused_until > clock_timestamp())
      ORDER BY o.id LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
    if (heads.length === 0) return [];
    const free = heads.filter(({ parkedBy }) => parkedBy === null);
    const held = heads.filter(({ parkedBy }) => parkedBy !== null);
    if (held.length > 0) await parkWithInsert(tx, held);
    // Behind those others may be due.
    if (free.length === 0) return undefined;
    const dropped = await endOutrunHolds(
      tx,
      free.filter(({ isOutrun }) => isOutrun),
    );
    await dropOutrun(tx, [...dropped]);
    const takable = free.filter(({ isOutrun, recordId }) => !isOutrun || dropped.has(recordId));
    if (takable.length === 0) return [];
    const rows = await tx<ClaimedRow[]>`
      UPDATE attio_sync.outbox o SET status = 'pushing', attempts = attempts + 1, claimed_by = pg_backend_pid(),
        claimed_at = clock_timestamp()
      FROM json_to_recordset(${JSON.stringify(takable)}::text::json) AS h(stream text, "recordId" uuid)
      WHERE o.record_id = h."recordId" AND o.stream = h.stream
        AND (o.status = 'pending' OR o.status IN ('failed', 'conflict') AND o.operation = 'insert')
      RETURNING o.stream, o.record_id AS "recordId", o.id, o.operation, o.changes, o.base, o.attempts, o.forced,
        (extract(epoch FROM clock_timestamp() - o.created_at) * 1000)::float8 AS "createdMsAgo",
        (extract(epoch FROM clock_timestamp() - o.attempted_at) * 1000)::float8 AS "attemptedMsAgo",
        coalesce((SELECT plan_version FROM attio_sync.streams s WHERE s.stream = o.stream), 0) AS "planVersion"`;
    return rows.length === 0 ? undefined : lanesOf(rows);
  });
  return lanes ?? claimLanes(sql, limit, graceMs);
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
