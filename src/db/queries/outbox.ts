import type { Sql, Tx } from "../client.ts";
import type { Cells } from "../control/index.ts";

/** A local change that is being pushed. */
export interface OutboxChange {
  id: number;
  operation: "insert" | "update" | "delete";
  changes: Cells;
  base: Cells;
  /** This attempt included. */
  attempts: number;
  forced: boolean;
  /** When it was captured; milliseconds since the epoch, by the clock of the process that took it. */
  createdAtMs: number;
  /** When the last request for it was sent that may have been carried out, by the same clock; null for none. */
  attemptedAtMs: number | null;
}

/** All that waits of one row, in the order in which it was changed. */
export interface Lane {
  stream: string;
  recordId: string;
  /** The version of the stream's plan by whose names of columns and options the changes are written. */
  planVersion: number;
  changes: OutboxChange[];
}

/** Gives back what a process that is gone had taken. What it did may have reached Attio: the attempt counts. */
export async function releaseOrphanChanges(sql: Sql): Promise<void> {
  await sql`
    UPDATE attio_sync.outbox o SET status = 'pending', claimed_by = NULL
    WHERE status = 'pushing' AND NOT EXISTS (
      SELECT FROM pg_stat_activity a WHERE a.pid = o.claimed_by AND a.backend_start < o.claimed_at)`;
}

/**
 * Gives changes back.
 *
 * @param delay seconds until they are due again
 * @param sent false when nothing was sent, so that the attempt doesn't count
 */
export async function returnChanges(
  sql: Sql | Tx,
  taken: readonly Taken[],
  { delay, sent, code = null, message = null }: ReturnReason,
): Promise<void> {
  await sql`
    UPDATE attio_sync.outbox o SET status = 'pending', claimed_by = NULL,
      attempts = o.attempts - ${sent ? 0 : 1},
      due_at = clock_timestamp() + ${delay} * interval '1 second', error_code = ${code}, error_message = ${message}
    FROM json_to_recordset(${takenJson(taken)}::text::json) AS t(id bigint, attempts int)
    WHERE o.id = t.id AND o.attempts = t.attempts AND o.status = 'pushing'`;
}

/** As a parameter for json_to_recordset. */
export function takenJson(taken: readonly Taken[]): string {
  return JSON.stringify(taken.map(({ id, attempts }) => ({ id, attempts })));
}

export interface ReturnReason {
  delay: number;
  sent: boolean;
  code?: string | null;
  message?: string | null;
}

/** A change as it was taken: whoever takes it anew counts one attempt more. */
export type Taken = Pick<OutboxChange, "id" | "attempts">;

/** When a change was sent, or that it was not. */
export type Tried = Pick<OutboxChange, "id" | "attempts" | "attemptedAtMs">;

/** Ends changes. Gives whether all of them were still ours: if not, somebody else sees to them. */
export async function endChanges(
  sql: Sql | Tx,
  taken: readonly Taken[],
  status: "pushed" | "failed" | "conflict" | "discarded",
  reason: { code: string; message: string } | null = null,
): Promise<boolean> {
  const ended = await sql`
    UPDATE attio_sync.outbox o SET status = ${status}, claimed_by = NULL,
      error_code = ${reason?.code ?? null}, error_message = ${reason?.message ?? null},
      pushed_at = CASE WHEN ${status} = 'pushed' THEN clock_timestamp() END
    FROM json_to_recordset(${takenJson(taken)}::text::json) AS t(id bigint, attempts int)
    WHERE o.id = t.id AND o.attempts = t.attempts AND o.status = 'pushing'`;
  return ended.count === taken.length;
}

/**
 * Takes columns out of changes and puts them into one of their own, with a fate of its own: parked, or to follow once
 * the row exists in Attio. What has been changed once more since the lane was taken stays as it is. A change that has no
 * column left is gone.
 *
 * @returns the id of the new change; undefined where nothing was left for it
 */
export async function splitOff(
  tx: Tx,
  lane: Lane,
  cells: { changes: Cells; base: Cells },
  fate: { status: "pending" | "conflict"; code: string | null; message: string | null },
): Promise<number | undefined> {
  const ids = lane.changes.map(({ id }) => id);
  const columns = Object.keys(cells.changes);
  const [was] = await tx<{ createdAt: string; batch: number }[]>`
    SELECT max(created_at)::text AS "createdAt", max(batch) AS batch FROM attio_sync.outbox
    WHERE id = ANY(${ids}::bigint[]) AND changes ?| ${columns}::text[]`;
  await tx`
    UPDATE attio_sync.outbox SET changes = changes - ${columns}::text[], base = base - ${columns}::text[]
    WHERE id = ANY(${ids}::bigint[])`;
  await tx`
    DELETE FROM attio_sync.outbox WHERE id = ANY(${ids}::bigint[]) AND operation = 'update' AND changes = '{}'`;
  const [split] = await tx<{ id: number }[]>`
    INSERT INTO attio_sync.outbox
      (stream, record_id, operation, changes, base, status, error_code, error_message, created_at, batch)
    SELECT ${lane.stream}, ${lane.recordId}, 'update', c.changes - later.columns, c.base - later.columns,
      ${fate.status}, ${fate.code}, ${fate.message}, ${was?.createdAt ?? null}::text::timestamptz, ${was?.batch ?? null}::bigint
    FROM (SELECT ${JSON.stringify(cells.changes)}::text::jsonb AS changes, ${JSON.stringify(cells.base)}::text::jsonb AS base) c
    CROSS JOIN (
      SELECT coalesce(array_agg(k.name), '{}') AS columns
      FROM attio_sync.outbox o CROSS JOIN jsonb_object_keys(o.changes) AS k(name)
      WHERE o.record_id = ${lane.recordId} AND o.stream = ${lane.stream} AND o.status = 'pending'
        AND o.operation = 'update' AND o.id > ALL(${ids}::bigint[])) later
    WHERE c.changes - later.columns <> '{}' RETURNING id`;
  return split?.id;
}

/**
 * Undoes splits: a lane's first change has their columns again. Left alone they would be taken with it, split off and refused,
 * again and again.
 */
export async function rejoin(tx: Tx, lane: Lane, splits: readonly number[]): Promise<void> {
  for (const id of splits)
    await tx`
      WITH gone AS (DELETE FROM attio_sync.outbox WHERE id = ${id} AND status = 'pending' RETURNING changes)
      UPDATE attio_sync.outbox o SET changes = o.changes || gone.changes FROM gone
      WHERE o.id = ${lane.changes[0]?.id ?? 0}`;
}

/**
 * Notes that a request is about to be sent, before it is. Of creates that look alike only one may be under way, or what a
 * lost answer made could be taken for the other's: one whose values the other has too, or an entry of the same parent.
 *
 * @param create whether the request makes something that no key tells apart
 * @returns `taken over` when the changes are no longer ours, `one at a time` when one that looks alike is under way
 */
export async function noteSend(
  sql: Sql,
  lane: Lane,
  create: boolean,
): Promise<"noted" | "taken over" | "one at a time"> {
  return sql.begin(async (tx): Promise<"noted" | "taken over" | "one at a time"> => {
    if (create) {
      await tx`SELECT pg_advisory_xact_lock(hashtext(${`attio-mirror creates of ${lane.stream}`}))`;
      const others = await tx`
        SELECT FROM attio_sync.outbox o JOIN attio_sync.outbox mine ON mine.id = ${lane.changes[0]?.id ?? 0}
        WHERE o.stream = ${lane.stream} AND o.operation = 'insert' AND o.record_id <> mine.record_id
          AND CASE WHEN mine.stream LIKE 'list:%'
            THEN o.changes -> 'parent_record_id' = mine.changes -> 'parent_record_id'
            ELSE o.changes @> mine.changes OR mine.changes @> o.changes END
          AND o.attempted_at IS NOT NULL AND o.status IN ('pending', 'pushing') LIMIT 1`;
      if (others.length > 0) return "one at a time";
    }
    const noted = await tx`
      UPDATE attio_sync.outbox o SET attempted_at = clock_timestamp()
      FROM json_to_recordset(${takenJson(lane.changes)}::text::json) AS t(id bigint, attempts int)
      WHERE o.id = t.id AND o.attempts = t.attempts AND o.status = 'pushing'`;
    return noted.count === lane.changes.length ? "noted" : "taken over";
  });
}

/**
 * Notes that Attio refused what was sent: it was surely not carried out. What an earlier attempt sent may have been.
 *
 * @param before the changes as they were before the attempt
 */
export async function noteRefused(sql: Sql, before: readonly Tried[]): Promise<void> {
  const past = before.map(({ id, attempts, attemptedAtMs }) => ({
    id,
    attempts,
    msAgo: attemptedAtMs === null ? null : Date.now() - attemptedAtMs,
  }));
  await sql`
    UPDATE attio_sync.outbox o SET attempted_at = clock_timestamp() - p."msAgo" * interval '1 millisecond'
    FROM json_to_recordset(${JSON.stringify(past)}::text::json) AS p(id bigint, attempts int, "msAgo" float8)
    WHERE o.id = p.id AND o.attempts = p.attempts AND o.status = 'pushing'`;
}

/** What an id in a reference stands for. */
export interface ReferenceState {
  /** The id that it has today. */
  current: string;
  /** The insert that is to make it. */
  waitsFor: number | null;
  /** Whether that insert failed. */
  failed: boolean;
}

/** What the ids in references stand for today, and which of them wait to be made. */
export async function readReferences(sql: Sql, ids: readonly string[]): Promise<Map<string, ReferenceState>> {
  if (ids.length === 0) return new Map();
  const rows = await sql<(ReferenceState & { id: string })[]>`
    SELECT i.id, attio.current_id(i.id) AS current,
      (SELECT min(o.id) FROM attio_sync.outbox o
       WHERE o.record_id = i.id AND o.operation = 'insert' AND o.status IN ('pending', 'pushing')) AS "waitsFor",
      EXISTS (SELECT FROM attio_sync.outbox o
       WHERE o.record_id = i.id AND o.operation = 'insert' AND o.status IN ('failed', 'conflict')) AS failed
    FROM unnest(${ids as string[]}::uuid[]) AS i(id)`;
  return new Map(rows.map((row) => [row.id, row]));
}

/** Those of these ids that are of rows which were inserted here. */
export async function knownInserts(sql: Sql, ids: readonly string[]): Promise<Set<string>> {
  const rows = await sql<{ id: string }[]>`
    SELECT record_id AS id FROM attio.id_map WHERE record_id = ANY(${ids as string[]}::uuid[])`;
  return new Set(rows.map(({ id }) => id));
}

/**
 * Takes columns that are changed anew out of changes that failed (design rule 30), and gives what they had been before
 * those: it is noted as the base of the new changes, which may fail or be tried again in their turn.
 */
export async function supersedeFailed(sql: Sql, lane: Lane, columns: readonly string[]): Promise<Cells> {
  return sql.begin(async (tx) => {
    const base = await takeFromFailed(tx, lane, columns);
    if (Object.keys(base).length > 0)
      await tx`
        UPDATE attio_sync.outbox o SET base = o.base || (
          SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(${JSON.stringify(base)}::text::jsonb)
          WHERE o.base ? key)
        WHERE id = ANY(${lane.changes.map(({ id }) => id)}::bigint[])`;
    return base;
  });
}

async function takeFromFailed(tx: Tx, lane: Lane, columns: readonly string[]): Promise<Cells> {
  const names = columns as string[];
  const rows = await tx<{ base: Cells }[]>`
    WITH old AS (
      SELECT id, base FROM attio_sync.outbox
      WHERE record_id = ${lane.recordId} AND stream = ${lane.stream} AND status = 'failed' AND operation = 'update'
        AND changes ?| ${names}::text[] FOR UPDATE)
    UPDATE attio_sync.outbox o SET
      changes = CASE WHEN o.changes - ${names}::text[] = '{}' THEN o.changes ELSE o.changes - ${names}::text[] END,
      base = CASE WHEN o.changes - ${names}::text[] = '{}' THEN o.base ELSE o.base - ${names}::text[] END,
      status = CASE WHEN o.changes - ${names}::text[] = '{}' THEN 'discarded' ELSE o.status END,
      error_code = CASE WHEN o.changes - ${names}::text[] = '{}' THEN 'superseded' ELSE o.error_code END
    FROM old WHERE o.id = old.id RETURNING old.base`;
  const base: Cells = {};
  for (const row of rows.toReversed())
    for (const column of columns) if (column in row.base) base[column] = row.base[column];
  return base;
}

/** Records a conflict and what became of it. */
export async function noteConflict(
  sql: Sql | Tx,
  lane: Lane,
  conflict: { attribute: string; base: Cells; local: Cells; remote: Cells; policy: string; winner: string },
): Promise<void> {
  const json = (cells: Cells) => JSON.stringify(cells);
  await sql`
    INSERT INTO attio_sync.conflicts (stream, record_id, attribute, base, local, remote, policy, winner, change_id)
    VALUES (${lane.stream}, ${lane.recordId}, ${conflict.attribute}, ${json(conflict.base)}::text::jsonb,
      ${json(conflict.local)}::text::jsonb, ${json(conflict.remote)}::text::jsonb, ${conflict.policy}, ${conflict.winner},
      ${lane.changes.at(-1)?.id ?? 0})`;
}

/** The table and key of a stream that takes local writes; undefined when there is none (any more). */
export async function findWrittenTable(
  sql: Sql | Tx,
  stream: string,
): Promise<{ name: string; key: string } | undefined> {
  const [row] = await sql<{ name: string; key: string }[]>`
    SELECT coalesce(o.table_name, l.table_name, f.name) AS name,
      CASE WHEN o.table_name IS NOT NULL THEN 'record_id' WHEN l.table_name IS NOT NULL THEN 'entry_id' ELSE f.key END AS key
    FROM attio_sync.streams s
    LEFT JOIN attio.objects o ON o.object_id = s.source_id
    LEFT JOIN attio.lists l ON l.list_id = s.source_id
    LEFT JOIN (VALUES ('notes', 'note_id'), ('tasks', 'task_id'), ('comments', 'comment_id')) AS f(name, key)
      ON f.name = s.stream AND s.source_id IS NULL
    WHERE s.stream = ${stream} AND coalesce(o.table_name, l.table_name, f.name) IS NOT NULL`;
  return row;
}

/** Lets what waits to be pushed follow columns that got another name; to be called once the table has them. */
export async function renameOutboxColumns(
  tx: Tx,
  stream: string,
  renames: readonly { from: string; to: string }[],
): Promise<void> {
  if (renames.length === 0) return;
  const names = JSON.stringify(Object.fromEntries(renames.map(({ from, to }) => [from, to])));
  await tx`
    UPDATE attio_sync.outbox SET
      changes = (SELECT coalesce(jsonb_object_agg(coalesce(${names}::text::jsonb ->> key, key), value), '{}') FROM jsonb_each(changes)),
      base = (SELECT coalesce(jsonb_object_agg(coalesce(${names}::text::jsonb ->> key, key), value), '{}') FROM jsonb_each(base))
    WHERE stream = ${stream} AND status IN ('pending', 'pushing', 'failed', 'conflict')`;
}
