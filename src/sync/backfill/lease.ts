import { randomUUID } from "node:crypto";
import { createSql } from "../../db/client.ts";
import { renewLeases } from "../../db/queries/runs.ts";
import type { Holder } from "../../db/queries/runs.ts";
import type { Log } from "../../logger.ts";

/** Well within the lease, so that one lost beat costs nothing. */
const BEAT_MS = 5_000;

export interface Lease extends Holder {
  close(): Promise<void>;
}

/**
 * Opens the connection that stands for this process in the runs it works on: when the process dies, PostgreSQL closes
 * it, and the next process need not wait for the lease to run out.
 */
export function openLease(url: string, log: Log): Lease {
  const sql = createSql(url, { connections: 1, applicationName: "attio-mirror lease" });
  const holder: Holder = { token: randomUUID(), sql };
  const beat = () => {
    renewLeases(holder).catch((error: unknown) => {
      log.warn({ err: error }, "lease not renewed");
    });
  };
  // The first one only logs in, so that nobody waits for that later.
  beat();
  const timer = setInterval(beat, BEAT_MS);
  timer.unref();
  return {
    ...holder,
    close: async () => {
      clearInterval(timer);
      await sql.end({ timeout: 5 });
    },
  };
}
