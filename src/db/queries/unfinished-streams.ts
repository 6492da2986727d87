import type { Sql } from "../client.ts";

/** Streams without a complete run since a full backfill was last wanted; those that Attio does not show don't count. */
export async function unfinishedStreams(sql: Sql): Promise<string[]> {
  const rows = await sql<{ stream: string }[]>`
    SELECT s.stream FROM attio_sync.streams s
    WHERE s.state NOT IN ('hidden', 'gone', 'disabled') AND s.stream <> 'threads'
      AND NOT EXISTS (
        SELECT 1 FROM attio_sync.runs r
        WHERE r.stream = s.stream AND r.state IN ('done', 'parked')
          AND r.started_at >= coalesce(
            (SELECT (value ->> 'wantedAt')::timestamptz FROM attio_sync.settings WHERE key = 'chore:backfill'), '-infinity'))
    ORDER BY s.stream`;
  return rows.map((row) => row.stream);
}
