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
 * Starts a worker once its connections stand. One that failed is thrown away: BullMQ keeps the failure of a first connection
 * and gives it to every later call, and its loop would ask again and again without a pause, so that the process came to
 * nothing else.
 *
 * @param open makes a worker that connects and does not run yet
 * @param onError told why a worker could not begin
 */
export function startWhenReady(open: () => IdleWorker, onError: (error: Error) => void): JobWorker {
  const closing = new AbortController();
  const isClosing = () => closing.signal.aborted;
  let worker = open();
  const start = async () => {
    while (!isClosing()) {
      try {
        await worker.waitUntilReady();
        if (!isClosing()) await worker.run();
        return;
      } catch (error) {
        if (!isClosing()) onError(error as Error);
      }
      worker.close(true).catch(() => undefined);
      await sleep(RETRY_MS, closing.signal);
      worker = open();
    }
  };
  // It ends with the signal.
  start().catch(() => undefined);
  return {
    close: async (force) => {
      closing.abort();
      // A connection that is still being made when BullMQ closes is closed by nobody, and the process never ends.
      if (force !== true) await worker.waitUntilReady().catch(() => undefined);
      return worker.close(force);
    },
  };
}
