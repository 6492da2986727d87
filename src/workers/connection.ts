import { createPostgresBackend, Queue, withBackend, Worker } from "bullmq";
import { Redis } from "ioredis";
import { MirrorError } from "../errors.ts";
import type { Log } from "../logger.ts";
import { QueueClient, useQueueClient } from "./queue-client.ts";
import type { Job, QueueName } from "./queues.ts";
import { startWhenReady } from "./worker-start.ts";

/** The schema of the queue's own tables, in the mirror's database. */
const SCHEMA = "attio_queue";

/** Finished jobs that are kept for whoever looks at the queue; nothing depends on them. */
const KEEP = { removeOnComplete: { count: 100 }, removeOnFail: { count: 100 } };

/** How long a killed worker's job is taken for running. The work itself is safe with two at it, so this may be short. */
const LOCK_MS = 10_000;

/** How long a worker waits when PostgreSQL refuses it. By default it is 15 s, by which all work would be late after a restart. */
const REFUSED_MS = 1_000;

/** The job queue does not answer; what was to be queued stays in Postgres and is queued later. */
export class QueueUnavailableError extends MirrorError {
  constructor(problem: string, options?: ErrorOptions) {
    super("QUEUE_UNAVAILABLE", `The job queue ${problem}`, options);
  }
}

export interface JobQueue {
  /** Adds a job unless an equal one waits; while an equal one runs, it runs once more afterwards. */
  add(job: Job): Promise<void>;
  /** Adds a job at every tick of a cron expression (UTC); a second call with the same key replaces the first. */
  schedule(key: string, cron: string, job: Job): Promise<void>;
  /** Jobs that wait or run. */
  depth(): Promise<number>;
}

export interface JobWorker {
  /** Takes no more jobs and waits for those under way, but for those that are left to others when `force` is set. */
  close(force?: boolean): Promise<void>;
}

/** BullMQ, on whichever of its back ends. */
export interface QueueBackend {
  readonly kind: "postgres" | "redis";
  queue(name: QueueName): JobQueue;
  work(name: QueueName, concurrency: number, handle: (job: Job) => Promise<void>): JobWorker;
  /** @throws QueueUnavailableError when the queue does not answer */
  ping(): Promise<void>;
  /** Closes queues and connections; workers are closed before, by whoever started them. */
  close(): Promise<void>;
}

export interface QueueBackendOptions {
  databaseUrl: string;
  /** null = the queue lives in the database. */
  redisUrl: string | null;
  log: Log;
  /** Whether NOTIFY arrives; workers that can't hear it look for jobs more often. */
  hears?: boolean;
}

/** What of BullMQ's queue is used, whatever its back end. */
interface AnyQueue {
  add(name: string, data: object, options: object): Promise<unknown>;
  upsertJobScheduler(id: string, repeat: { pattern: string; tz: string }, template: object): Promise<unknown>;
  getJobCountByTypes(...types: ("wait" | "active" | "prioritized")[]): Promise<number>;
  on(event: "error", listener: (error: Error) => void): unknown;
  close(): Promise<void>;
}

/** Opens the queue on Redis where a URL is given, else on PostgreSQL, where its schema is made on the first use. */
export async function openQueueBackend(options: QueueBackendOptions): Promise<QueueBackend> {
  return options.redisUrl === null ? openOnPostgres(options) : openOnRedis(options.redisUrl, options);
}

async function openOnPostgres({
  databaseUrl,
  log,
  hears = true,
}: QueueBackendOptions): Promise<QueueBackend> {
  useQueueClient();
  const classes = withBackend(createPostgresBackend);
  const connection = {
    connectionString: databaseUrl,
    schema: SCHEMA,
    application_name: "attio-mirror queue",
    Client: QueueClient,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    max: 2,
  };
  const first = new classes.Queue("attio-upkeep", { connection: { ...connection, migrate: true } });
  const queues = new OpenQueues(log, (name) =>
    name === "attio-upkeep" ? first : new classes.Queue(name, { connection }),
  );
  queues.get("attio-upkeep");
  try {
    await first.waitUntilReady();
  } catch (error) {
    await queues.close();
    throw error;
  }
  return {
    kind: "postgres",
    queue: (name) => {
      const queue = queues.get(name);
      return queueOf(queue, async (work) => {
        try {
          return await reach(work);
        } catch (error) {
          // A queue whose first connection failed gives that failure to every call ever after.
          if (name !== "attio-upkeep") queues.discard(name, queue);
          throw error;
        }
      });
    },
    work: (name, concurrency, handle) => {
      const noConnection = noConnectionOf(log);
      return startWhenReady(() => {
        const worker = new classes.Worker(name, (job) => handle(jobOf(job)), {
          connection,
          concurrency,
          lockDuration: LOCK_MS,
          stalledInterval: LOCK_MS / 2,
          drainDelay: hears ? 5 : 0.25,
          runRetryDelay: REFUSED_MS,
          autorun: false,
          ...KEEP,
        });
        return {
          ...workerOf(worker, name, log, noConnection),
          waitUntilReady: () => worker.waitUntilReady(),
          run: () => worker.run(),
        };
      }, noConnection);
    },
    ping: async () => {
      await reach(() => first.getJobCountByTypes("active"));
    },
    close: () => queues.close(),
  };
}

function openOnRedis(url: string, { log }: QueueBackendOptions): Promise<QueueBackend> {
  // Without an offline queue a producer fails at once while Redis is away, and the relay tries again. Nor may what is under way as
  // Redis goes wait for it to be back: it would hold up the end of the process.
  const producer = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0, retryStrategy });
  const consumer = new Redis(url, { maxRetriesPerRequest: null, retryStrategy });
  const quiet = quietly(log, "the job queue's Redis does not answer");
  for (const client of [producer, consumer]) client.on("error", quiet);
  const queues = new OpenQueues(log, (name) => new Queue(name, { connection: producer }));
  // Before the first connection BullMQ waits for it instead of failing.
  const whenReady = async <T>(work: () => Promise<T>): Promise<T> => {
    if (producer.status !== "ready") throw new QueueUnavailableError("on Redis is not connected");
    return reach(work);
  };
  return Promise.resolve({
    kind: "redis",
    queue: (name: QueueName) => queueOf(queues.get(name), whenReady),
    work: (name: QueueName, concurrency: number, handle: (job: Job) => Promise<void>) => {
      const underWay = new Set<Promise<void>>();
      const work = (job: Job) => {
        const done = handle(job).finally(() => underWay.delete(done));
        underWay.add(done);
        return done;
      };
      const worker = new Worker(name, (job) => work(jobOf(job)), {
        connection: consumer,
        concurrency,
        lockDuration: LOCK_MS,
        stalledInterval: LOCK_MS / 2,
        ...KEEP,
      });
      const opened = workerOf(worker, name, log, noConnectionOf(log));
      return {
        close: async (force) => {
          if (consumer.status === "ready" || force === true) return opened.close(force);
          // BullMQ would first wait for Redis, to stop waiting for jobs there, and could not be forced any more.
          await Promise.allSettled(underWay);
          return opened.close(true);
        },
      };
    },
    ping: async () => {
      await whenReady(() => producer.ping());
    },
    close: async () => {
      await queues.close();
      producer.disconnect();
      consumer.disconnect();
    },
  });
}

/** Redis is local to the mirror as a rule: it is worth asking often whether it is back. */
function retryStrategy(attempt: number): number {
  return Math.min(100 * attempt, 1_000);
}

/** Queues by name, opened when they are asked for. */
class OpenQueues {
  readonly #open: (name: QueueName) => AnyQueue;
  readonly #onError: (error: Error) => void;
  readonly #queues = new Map<QueueName, AnyQueue>();

  constructor(log: Log, open: (name: QueueName) => AnyQueue) {
    this.#open = open;
    this.#onError = quietly(log, "the job queue does not answer");
  }

  get(name: QueueName): AnyQueue {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = this.#open(name);
      queue.on("error", this.#onError);
      this.#queues.set(name, queue);
    }
    return queue;
  }

  /** Forgets a queue that failed, so that the next use opens it anew. */
  discard(name: QueueName, failed: AnyQueue): void {
    if (this.#queues.get(name) !== failed) return;
    this.#queues.delete(name);
    failed.close().catch(() => undefined);
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#queues.values()].map((queue) => queue.close()));
  }
}

function queueOf(queue: AnyQueue, attempt: <T>(work: () => Promise<T>) => Promise<T> = reach): JobQueue {
  return {
    add: async ({ name, key, data }) => {
      const deduplication = { id: key, keepLastIfActive: true };
      await attempt(() => queue.add(name, data, { deduplication, ...KEEP }));
    },
    schedule: async (key, pattern, { name, data }) => {
      await attempt(() => queue.upsertJobScheduler(key, { pattern, tz: "UTC" }, { name, data, opts: KEEP }));
    },
    depth: () => attempt(() => queue.getJobCountByTypes("wait", "active", "prioritized")),
  };
}

async function reach<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new QueueUnavailableError("does not answer", { cause });
  }
}

function jobOf(job: { name: string; data: unknown }): Job {
  return { name: job.name, key: "", data: job.data ?? {} };
}

interface AnyWorker {
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "failed", listener: (job: { name: string } | undefined, error: Error) => void): unknown;
  close(force?: boolean): Promise<void>;
}

function noConnectionOf(log: Log): (error: Error) => void {
  return quietly(log, "a worker of the job queue has no connection");
}

function workerOf(worker: AnyWorker, queue: QueueName, log: Log, onError: (error: Error) => void): JobWorker {
  worker.on("error", onError);
  worker.on("failed", (job, error) => {
    log.warn({ queue, job: job?.name, err: error }, "a job failed");
  });
  return { close: (force) => worker.close(force) };
}

/** Says an error of a broken connection once in a while: drivers repeat it with every attempt. */
function quietly(log: Log, sentence: string): (error: Error) => void {
  let quietUntil = 0;
  return (error) => {
    const now = performance.now();
    const level = now < quietUntil ? "debug" : "warn";
    if (level === "warn") quietUntil = now + 30_000;
    log[level]({ err: error }, sentence);
  };
}
