import type { Log } from "../logger.ts";
import type { JobWorker, QueueBackend } from "./connection.ts";
import type { Job, QueueName } from "./queues.ts";

/** Jobs side by side; hydrates of several streams wait for Attio, not for each other. */
const CONCURRENCY: Readonly<Record<QueueName, number>> = {
  "attio-live": 8,
  // One pushes many rows side by side; a second one would find them taken.
  "attio-push": 1,
  "attio-backfill": 1,
  "attio-upkeep": 2,
};

/** How long jobs under way may take to finish or to give their work back. */
const FINISH_MS = 6_000;

/** Starts a worker on every queue. */
export function startWorkers(
  backend: QueueBackend,
  handle: (job: Job) => Promise<void>,
  log: Log,
): { close(): Promise<void> } {
  const names = Object.keys(CONCURRENCY) as QueueName[];
  const workers = names.map((name) => backend.work(name, CONCURRENCY[name], handle));
  return {
    close: async () => {
      await Promise.all(workers.map((worker) => closeInTime(worker, log)));
    },
  };
}

/** What is not done in time is left behind: its claims run out, and the relay queues it again. */
async function closeInTime(worker: JobWorker, log: Log): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), FINISH_MS);
  });
  const closed = worker.close().then(() => "closed" as const);
  const outcome = await Promise.race([closed, late]);
  clearTimeout(timer);
  if (outcome === "closed") return;
  log.warn("jobs were still under way; they are left to others");
  closed.catch(() => undefined);
  await Promise.race([worker.close(true), new Promise((resolve) => setTimeout(resolve, 500))]);
}
