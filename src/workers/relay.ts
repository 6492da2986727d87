import { monotonicMs, systemClock, type Clock } from "../lib/clock.ts";
import { Pause } from "../lib/pause.ts";
import { notify } from "../db/notify.ts";
import type { Sql } from "../db/client.ts";
import { readBacklog } from "../db/queries/backlog.ts";
import { choreStates } from "../db/queries/chores.ts";
import { releaseOrphanChanges } from "../db/queries/outbox.ts";
import { releaseOrphans } from "../db/queries/dirty.ts";
import { wantedStreams } from "../db/queries/wanted-streams.ts";
import type { Log } from "../logger.ts";
import { readyStreams } from "../sync/walk/choose-streams.ts";
import { QueueUnavailableError, type QueueBackend } from "./connection.ts";
import {
  again,
  backfillJob,
  choreJob,
  hydrateJob,
  inboxJob,
  pushJob,
  type Job,
  type QueueName,
} from "./queues.ts";

/** How often Postgres is looked at where NOTIFY is heard, and where it is not (design rule 17). */
const POLL_MS = 1_000;
const DEAF_POLL_MS = 250;

/** Work that has waited for so long is nobody's. */
const STUCK_MS = 5_000;

/** How long one call for a backfill stands for the next ones. */
const CALL_MS = 30_000;

export interface RelayDeps {
  sql: Sql;
  backend: QueueBackend;
  log: Log;
}

export interface RelayOptions {
  /** Milliseconds since the epoch at which this process began. */
  startedAtMs: number;
  hears: boolean;
  /** Whether local changes are pushed. */
  pushes: boolean;
  clock?: Clock;
}

/** Puts into the queue what Postgres has pending. */
export interface Relay {
  /** Deliveries, or local changes, have come: queues their processing at once. Everything else is found by the next look. */
  wake(what?: "work" | "outbox"): void;
  /** A local change will be due by then: queues its push at that time, without waiting for the next look. */
  pushIn(delayMs: number): void;
  /** Adds a job at once; where that fails, a later look does it. */
  add(queue: QueueName, job: Job): Promise<void>;
  close(): Promise<void>;
}

/** A job and where it goes. */
interface Placed {
  queue: QueueName;
  job: Job;
}

/**
 * Starts the relay: slowly, by itself, it looks at Postgres and queues jobs for whatever waits there; when it is woken, it queues
 * the inbox without a look, which would cost more than the edit. The queue may lose everything at any moment; the next look
 * queues it again. Several processes may run one each.
 */
export function startRelay(
  deps: RelayDeps,
  { startedAtMs, hears, pushes, clock = systemClock }: RelayOptions,
): Relay {
  const pollMs = hears ? POLL_MS : DEAF_POLL_MS;
  const closing = new AbortController();
  const pause = new Pause();
  let failures = 0;
  const woken = new Set<"work" | "outbox">();
  /** When the next local change is due. */
  let pushAtMs = Infinity;

  async function queueWork(find: () => Promise<Placed[]>): Promise<void> {
    try {
      for (const { queue, job } of await find()) await deps.backend.queue(queue).add(job);
      if (failures > 0) deps.log.info({ failures }, "the relay works again");
      failures = 0;
    } catch (error) {
      failures += 1;
      const level = failures === 1 || failures % 60 === 0 ? "warn" : "debug";
      deps.log[level]({ err: error, failures }, "the relay could not look or queue; it tries again");
    }
  }

  async function run(): Promise<void> {
    let lookAtMs = monotonicMs();
    while (!closing.signal.aborted) {
      if (monotonicMs() >= pushAtMs) {
        pushAtMs = Infinity;
        woken.add("outbox");
      }
      if (monotonicMs() >= lookAtMs) {
        await queueWork(() => findWork(deps.sql, { startedAtMs, nowMs: clock.now(), pushes }));
        lookAtMs = monotonicMs() + pollMs;
      } else {
        const placed: Placed[] = [];
        if (woken.delete("work")) placed.push({ queue: "attio-live", job: inboxJob() });
        if (woken.delete("outbox") && pushes) placed.push({ queue: "attio-push", job: pushJob() });
        await queueWork(() => Promise.resolve(placed));
      }
      if (woken.size === 0) await pause.wait(Math.max(0, Math.min(lookAtMs, pushAtMs) - monotonicMs()));
    }
  }

  const running = run();
  return {
    wake: (what = "work") => {
      woken.add(what);
      pause.end();
    },
    pushIn: (delayMs) => {
      pushAtMs = Math.min(pushAtMs, monotonicMs() + delayMs);
      pause.end();
    },
    add: async (queue, job) => {
      try {
        await deps.backend.queue(queue).add(job);
      } catch (error) {
        if (!(error instanceof QueueUnavailableError)) throw error;
        deps.log.debug({ job: job.name }, "not queued now; the relay will");
      }
    },
    close: async () => {
      closing.abort();
      pause.end();
      await running;
    },
  };
}

/** What Postgres has pending, as jobs. */
async function findWork(
  sql: Sql,
  { startedAtMs, nowMs, pushes }: { startedAtMs: number; nowMs: number; pushes: boolean },
): Promise<Placed[]> {
  await releaseOrphans(sql);
  if (pushes) await releaseOrphanChanges(sql);
  const [backlog, chores, wanted] = await Promise.all([
    readBacklog(sql),
    choreStates(sql),
    wantedStreams(sql, startedAtMs),
  ]);
  const placed: Placed[] = [];
  const live = (job: Job, waitedMs: number) => {
    placed.push({ queue: "attio-live", job: waitedMs > STUCK_MS ? again(job, nowMs) : job });
  };
  if (backlog.inboxMs !== null) live(inboxJob(), backlog.inboxMs);
  for (const { stream, waitedMs } of backlog.streams) live(hydrateJob(stream), waitedMs);
  if (pushes && backlog.outboxMs !== null) {
    const job = pushJob();
    placed.push({ queue: "attio-push", job: backlog.outboxMs > STUCK_MS ? again(job, nowMs) : job });
  }
  for (const { chore, isDue } of chores)
    if (isDue) placed.push({ queue: "attio-upkeep", job: choreJob(chore) });
  const [next] = readyStreams(wanted);
  // How long a backfill has been waited for says nothing of the job: it may be reading other streams.
  if (next !== undefined)
    placed.push({ queue: "attio-backfill", job: again(backfillJob(next.stream), nowMs, CALL_MS) });
  return placed;
}

/** Wakes every process's relay; a hint that is lost costs one pause of theirs. */
export function wakeOthers(sql: Sql, log: Log): void {
  notify(sql).catch((error: unknown) => {
    log.debug({ err: error }, "could not wake the other processes");
  });
}
