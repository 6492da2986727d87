import type { Sql } from "../client.ts";
import type { StreamRow } from "./streams.ts";

/** How long a stream whose backfill failed waits for the next one. */
const RETRY_AFTER_MS = 60_000;

/** A stream, as far as what is read next depends on it. */
export type StreamToRead = Pick<StreamRow, "stream" | "kind">;

export interface WantedStreams {
  /** Those that nobody is reading. */
  wanted: StreamToRead[];
  /** Those that a process is reading, wanted or not. */
  running: StreamToRead[];
  /** Whether the schema has been read since the last of the wanted became so. */
  isSchemaRead: boolean;
}

/**
 * Streams that want a backfill: never read in full, or not since a full one was wanted. All of it is read from what
 * Postgres knows of runs, so no want is lost with a process or a queue. A stream that another process is reading is left
 * to it, and one that Attio does not show, or PostgreSQL does not hold, is no use asking for.
 *
 * @param failuresSince failures before that moment (milliseconds since the epoch, by this process's clock) delay nothing: a
 * stopped process left them
 */
export async function wantedStreams(sql: Sql, failuresSince: number): Promise<WantedStreams> {
  // By its age, since this process's clock need not be the database's.
  const restMs = Math.max(0, Math.min(RETRY_AFTER_MS, Date.now() - failuresSince));
  const rows = await sql<(StreamToRead & { isRunning: boolean; isSchemaRead: boolean })[]>`
    WITH full_want AS (
      SELECT coalesce(max((value ->> 'wantedAt')::timestamptz), '-infinity') AS at
      FROM attio_sync.settings WHERE key = 'chore:backfill'),
    schema AS (
      SELECT coalesce(max((value ->> 'doneAt')::timestamptz), '-infinity') AS read_at
      FROM attio_sync.settings WHERE key = 'chore:schema'),
    shown AS (
      SELECT s.stream, s.kind, greatest(full_want.at, (own.value ->> 'wantedAt')::timestamptz) AS wanted_at,
        ${lastRead(sql)} AS last_read, last.state = 'failed' AS has_failed, last.finished_at,
        coalesce(last.state = 'running' AND last.lease_expires_at > now() AND EXISTS (
          SELECT 1 FROM pg_stat_activity a
          WHERE a.pid = last.holder_pid AND a.backend_start = last.holder_started_at), false) AS is_running
      FROM attio_sync.streams s CROSS JOIN full_want
      LEFT JOIN attio_sync.settings own ON own.key = 'backfill:' || s.stream
      LEFT JOIN LATERAL (
        SELECT * FROM attio_sync.runs r WHERE r.stream = s.stream ORDER BY r.id DESC LIMIT 1) last ON true
      WHERE ${isShown(sql)})
    SELECT s.stream, s.kind, s.is_running AS "isRunning", schema.read_at > s.wanted_at AS "isSchemaRead"
    FROM shown s CROSS JOIN schema
    WHERE s.is_running OR NOT coalesce(s.last_read >= s.wanted_at, false)
      AND NOT coalesce(s.has_failed AND s.finished_at > now() - ${restMs}::float8 * interval '1 millisecond', false)
    ORDER BY s.stream`;
  const wanted = rows.filter((row) => !row.isRunning);
  return {
    wanted,
    running: rows.filter((row) => row.isRunning),
    isSchemaRead: wanted.every((row) => row.isSchemaRead),
  };
}

/** Streams without a complete run since a full backfill was last wanted; those that Attio does not show don't count. */
export async function unfinishedStreams(sql: Sql): Promise<string[]> {
  const rows = await sql<{ stream: string }[]>`
    SELECT s.stream FROM attio_sync.streams s
    WHERE ${isShown(sql)}
      AND NOT coalesce(${lastRead(sql)} >= coalesce(
        (SELECT (value ->> 'wantedAt')::timestamptz FROM attio_sync.settings WHERE key = 'chore:backfill'), '-infinity'), false)
    ORDER BY s.stream`;
  return rows.map((row) => row.stream);
}

/** A condition on `attio_sync.streams s`. Objects and lists that may not be read are known from the schema; the others must be tried. */
function isShown(sql: Sql) {
  return sql`s.stream <> 'threads' AND s.state NOT IN ('hidden', 'gone', 'disabled', 'unfit')
    AND NOT (s.state = 'forbidden' AND s.kind <> 'fixed')`;
}

/** When the last complete run of `attio_sync.streams s` began. By the index, since runs are kept for weeks. */
function lastRead(sql: Sql) {
  return sql`(
    SELECT r.started_at FROM attio_sync.runs r
    WHERE r.stream = s.stream AND r.state IN ('done', 'parked') ORDER BY r.id DESC LIMIT 1)`;
}
