import type postgres from "postgres";
import type { Sql, Tx } from "../client.ts";

/** How many rows may be taken, of small batches and of bulks. */
export interface Places {
  small: number;
  bulk: number;
}

/** A row that may be pushed, e.g. `{ head: 812, isBulk: false, batch: 48213 }`. */
export interface Candidate {
  /** Its oldest change that waits. */
  head: number;
  /** Whether it was found in a batch of which much is left. */
  isBulk: boolean;
  batch: number;
}

/** What was found, and what to look at next. */
export interface Candidates {
  rows: Candidate[];
  /** The last batch that was looked at, where there are more behind it. */
  lastBatch: number | null;
  /** Milliseconds until the next change is due that is not due yet; null for none. */
  dueInMs: number | null;
}

/** A batch of which no more is left is small: about a second of the write budget. */
const MAX_SMALL = 20;

/** Batches of a stream that one claim looks at, beginning with the oldest, behind the last bulk, and with the newest: as many as rows are pushed side by side. */
const MAX_BATCHES = 16;

/** Above every transaction's id. */
const END = "9223372036854775807";

/**
 * Finds rows to push, fairly among batches: those of small batches by themselves, those of bulks one batch after the other,
 * beginning behind the batch `after`. Reads a few rows of a few batches, however much waits: batches are found one by
 * one, by index. A row is taken with all its changes once its oldest is due and none is under way; so a small batch gets a row that
 * a bulk has changed as well. Of a stream whose writes are paused nothing is taken; once the pause is over one row at a time is tried.
 */
export async function findCandidates(sql: Sql | Tx, places: Places, after: number): Promise<Candidates> {
  const takable = isTakable(sql);
  const [found] = await sql<Candidates[]>`
    WITH RECURSIVE waiting AS (
      (SELECT stream FROM attio_sync.outbox WHERE status = 'pending' ORDER BY stream LIMIT 1)
      UNION ALL
      SELECT (SELECT o.stream FROM attio_sync.outbox o WHERE o.status = 'pending' AND o.stream > w.stream
              ORDER BY o.stream LIMIT 1)
      FROM waiting w WHERE w.stream IS NOT NULL
    ), open AS MATERIALIZED (
      SELECT w.stream, p.stream IS NOT NULL AS is_tried
      FROM waiting w LEFT JOIN attio_sync.streams p ON p.stream = w.stream AND p.writes_paused_until IS NOT NULL
      WHERE w.stream IS NOT NULL AND (p.stream IS NULL OR p.writes_paused_until <= clock_timestamp() AND NOT EXISTS (
        SELECT FROM attio_sync.outbox e WHERE e.stream = w.stream AND e.status = 'pushing'))
    ), steps AS (
      SELECT open.stream, ends.first, ends.last, ends.first AS batch, 0 AS step
      FROM open CROSS JOIN (VALUES (${after}::bigint, ${END}::bigint), (-1, ${after}::bigint)) AS ends(first, last)
      UNION ALL
      SELECT s.stream, s.first, s.last, next.batch, s.step + 1
      FROM steps s CROSS JOIN LATERAL (
        SELECT c.batch FROM attio_sync.outbox c
        WHERE c.stream = s.stream AND c.batch > s.batch AND c.batch <= s.last AND ${takable}
        ORDER BY c.batch, c.id LIMIT 1) AS next
      WHERE s.step < ${MAX_BATCHES}::int
    ), batches AS (
      SELECT stream, batch FROM steps WHERE step > 0
      UNION
      SELECT open.stream, newest.batch FROM open CROSS JOIN LATERAL (
        SELECT c.batch FROM attio_sync.outbox c WHERE c.stream = open.stream AND c.status = 'pending'
        ORDER BY c.batch DESC, c.id DESC LIMIT ${MAX_BATCHES}::int) AS newest
    ), sized AS MATERIALIZED (
      SELECT b.stream, b.batch, (
        SELECT count(*) FROM (
          SELECT FROM attio_sync.outbox c WHERE c.stream = b.stream AND c.batch = b.batch AND c.status = 'pending'
          LIMIT ${MAX_SMALL + 1}::int) AS few) > ${MAX_SMALL}::int AS is_bulk
      FROM batches b
    ), changes AS (
      SELECT s.stream, s.batch, s.is_bulk, c.id, c.record_id,
        row_number() OVER (PARTITION BY s.batch ORDER BY c.id) AS place, row_number() OVER (PARTITION BY s.stream ORDER BY c.id) AS turn
      FROM sized s CROSS JOIN LATERAL (
        SELECT c.id, c.record_id FROM attio_sync.outbox c
        WHERE c.stream = s.stream AND c.batch = s.batch AND ${takable}
        ORDER BY c.id LIMIT CASE WHEN s.is_bulk THEN ${places.bulk}::int ELSE ${places.small}::int END) AS c
    ), chosen AS (
      SELECT c.* FROM changes c JOIN open USING (stream) WHERE c.turn = 1 OR NOT open.is_tried
    ), picked AS (
      (SELECT * FROM chosen WHERE NOT is_bulk ORDER BY place, batch LIMIT ${places.small}::int)
      UNION ALL
      (SELECT * FROM chosen WHERE is_bulk ORDER BY place, batch <= ${after}::bigint, batch LIMIT ${places.bulk}::int)
    ), heads AS (
      SELECT (SELECT min(h.id) FROM attio_sync.outbox h
              WHERE h.record_id = p.record_id AND h.stream = p.stream AND h.status = 'pending') AS head, p.is_bulk, p.batch
      FROM picked p)
    SELECT
      (SELECT coalesce(json_agg(json_build_object('head', head, 'isBulk', is_bulk, 'batch', batch)), '[]')
       FROM (SELECT DISTINCT ON (head) head, is_bulk, batch FROM heads WHERE head IS NOT NULL ORDER BY head, is_bulk) AS h) AS rows,
      (SELECT max(batch) FROM steps WHERE step = ${MAX_BATCHES}::int AND first = ${after}::bigint) AS "lastBatch",
      -- Since the transaction began more may have become due.
      (SELECT greatest(0, extract(epoch FROM due_at - clock_timestamp()) * 1000)::float8
       FROM attio_sync.outbox WHERE status = 'pending' AND due_at > now() ORDER BY due_at LIMIT 1) AS "dueInMs"`;
  return found ?? { rows: [], lastBatch: null, dueInMs: null };
}

/** SQL of whether the row of a change `c` may be taken: its oldest change is due, and none is under way. */
function isTakable(sql: Sql | Tx): postgres.PendingQuery<postgres.Row[]> {
  return sql`c.status = 'pending' AND c.due_at <= clock_timestamp() AND NOT EXISTS (
    SELECT FROM attio_sync.outbox e
    WHERE e.record_id = c.record_id AND e.stream = c.stream
      AND (e.id < c.id AND e.status = 'pending' AND e.due_at > clock_timestamp() OR e.status = 'pushing'))`;
}
