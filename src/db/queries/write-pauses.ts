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

/** Ends the pause of a stream of which Attio took a write. */
export async function resumeWrites(sql: Sql, stream: string): Promise<void> {
  await sql`
    UPDATE attio_sync.streams SET writes_paused_until = NULL, writes_pause_code = NULL, writes_pause_message = NULL
    WHERE stream = ${stream} AND writes_pause_code IS NOT NULL`;
}
