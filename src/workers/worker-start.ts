import { sleep } from "../lib/sleep.ts";
import type { JobWorker } from "./connection.ts";

/** How long a worker that could not begin waits before it tries again. */
const RETRY_MS = 500;

/** What of a BullMQ worker that does not run by itself is needed to start it. */
export interface IdleWorker extends JobWorker {
  waitUntilReady(): Promise<unknown>;
  run(): Promise<void>;
}

/**
 * Starts a worker once its connections stand. One whose first connection failed is thrown away: BullMQ keeps that failure and
 * gives it to every later call, and its loop would ask again and again without a pause, so that the process came to nothing
 * else.
 *
 * @param open makes a worker that connects and does not run yet
 */
export function startWhenReady(open: () => IdleWorker): JobWorker {
  const closing = new AbortController();
  let worker = open();
  const start = async () => {
    while (!closing.signal.aborted) {
      try {
        await worker.waitUntilReady();
        break;
      } catch {
        // Its errors are logged by whoever opened it.
      }
      worker.close(true).catch(() => undefined);
      await sleep(RETRY_MS, closing.signal);
      worker = open();
    }
    if (!closing.signal.aborted) await worker.run();
  };
  start().catch(() => undefined);
  return {
    close: (force) => {
      closing.abort();
      return worker.close(force);
    },
  };
}
