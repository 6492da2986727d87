import type { Sql } from "../client.ts";

/** Why nothing is written to a stream's object or list, in Attio's words. */
export interface PauseReason {
  code: string;
  message: string;
}

/** Pauses the writes of a stream. Gives whether they went on until now, so that it is told once. */
export async function pauseWrites(
  sql: Sql,
  stream: string,
  { ms, code, message }: PauseReason & { ms: number },
): Promise<boolean> {
  const paused = await sql`
    UPDATE attio_sync.streams SET writes_paused_until = clock_timestamp() + ${ms} * interval '1 millisecond',
      writes_pause_code = ${code}, writes_pause_message = ${message}
    WHERE stream = ${stream} AND coalesce(writes_paused_until <= clock_timestamp(), true)`;
  return paused.count > 0;
}

/**
 * Whether a change was refused before with this code and others of its stream have been taken since: it is refused by itself.
 *
 * @param change its id
 */
export async function isRefusedAlone(sql: Sql, change: number, code: string): Promise<boolean> {
  const found = await sql`
    SELECT FROM attio_sync.outbox o JOIN attio_sync.streams s ON s.stream = o.stream
    WHERE o.id = ${change} AND o.error_code = ${code} AND s.writes_paused_until IS NULL`;
  return found.length > 0;
}

/** Ends the pause of a stream of which Attio took a write; what it had refused meanwhile is due at once. */
export async function resumeWrites(sql: Sql, stream: string): Promise<void> {
  await sql`
    WITH paused AS (
      SELECT stream, writes_pause_code AS code FROM attio_sync.streams
      WHERE stream = ${stream} AND writes_pause_code IS NOT NULL FOR UPDATE
    ), resumed AS (
      UPDATE attio_sync.streams s
      SET writes_paused_until = NULL, writes_pause_code = NULL, writes_pause_message = NULL
      FROM paused p WHERE s.stream = p.stream)
    UPDATE attio_sync.outbox o SET due_at = clock_timestamp() FROM paused p
    WHERE o.stream = p.stream AND o.status = 'pending' AND o.error_code = p.code`;
}
