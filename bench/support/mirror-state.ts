import { setTimeout as delay } from "node:timers/promises";
import type { Sql } from "../../src/db/index.ts";

const PAUSE_MS = 100;

/** Asks again and again until the answer is yes. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await delay(PAUSE_MS);
}

/** Resolves once every stream was read in full and nothing is pending: no deliveries, marks, wants or runs. */
export function untilQuiet(sql: Sql): Promise<void> {
  return until(async () => {
    const [row] = await sql<{ pending: number }[]>`
      SELECT (SELECT count(*) FROM attio_sync.webhook_events WHERE processed_at IS NULL)
           + (SELECT count(*) FROM attio_sync.dirty)
           + (SELECT count(*) FROM attio_sync.streams WHERE last_backfill_at IS NULL AND state = 'ok' AND stream <> 'threads')
           + (SELECT count(*) FROM attio_sync.settings WHERE key = 'webhookBackfillOwed')
           + (SELECT count(*) FROM attio_sync.runs WHERE state = 'running') AS pending`;
    return row?.pending === 0;
  });
}

/** How many backfills of a stream were begun, and whether one is under way. */
export async function runsOf(sql: Sql, stream: string): Promise<{ begun: number; isRunning: boolean }> {
  const [row] = await sql<{ begun: number; running: number }[]>`
    SELECT count(*) AS begun, count(*) FILTER (WHERE state = 'running') AS running
    FROM attio_sync.runs WHERE stream = ${stream}`;
  return { begun: row?.begun ?? 0, isRunning: (row?.running ?? 0) > 0 };
}
