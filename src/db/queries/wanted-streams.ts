import type { Sql } from "../client.ts";

/** How long a stream whose backfill failed waits for the next one. */
const RETRY_AFTER = "1 minute";

/**
 * Streams that want a backfill: never read in full, or not since a full one was wanted. All of it is read from what
 * Postgres knows of runs, so no want is lost with a process or a queue. A stream that another process is reading is left
 * to it, and one that Attio does not show, or PostgreSQL does not hold, is no use asking for.
 *
 * @param failuresSince failures before that moment (milliseconds since the epoch) delay nothing: a stopped process left them
 */
export async function wantedStreams(sql: Sql, failuresSince: number): Promise<string[]> {
  const rows = await sql<{ stream: string }[]>`
    WITH full_want AS (
      SELECT coalesce(max((value ->> 'wantedAt')::timestamptz), '-infinity') AS at
      FROM attio_sync.settings WHERE key = 'chore:backfill')
    SELECT s.stream
    FROM attio_sync.streams s CROSS JOIN full_want
    LEFT JOIN attio_sync.settings own ON own.key = 'backfill:' || s.stream
    WHERE s.state NOT IN ('hidden', 'gone', 'disabled', 'unfit') AND s.stream <> 'threads'
      AND NOT EXISTS (
        SELECT 1 FROM attio_sync.runs r
        WHERE r.stream = s.stream AND r.state IN ('done', 'parked')
          AND r.started_at >= greatest(full_want.at, coalesce((own.value ->> 'wantedAt')::timestamptz, '-infinity')))
      AND NOT EXISTS (
        SELECT 1 FROM attio_sync.runs r
        WHERE r.stream = s.stream AND r.state = 'failed'
          AND r.finished_at > greatest(now() - ${RETRY_AFTER}::interval, to_timestamp(${failuresSince / 1000}::float8)))
      AND NOT EXISTS (
        SELECT 1 FROM attio_sync.runs r
        JOIN pg_stat_activity a ON a.pid = r.holder_pid AND a.backend_start = r.holder_started_at
        WHERE r.stream = s.stream AND r.state = 'running' AND r.lease_expires_at > now())
    ORDER BY s.stream`;
  return rows.map((row) => row.stream);
}
