import type { Chore } from "../db/queries/chores.ts";

/** Live work never waits behind a backfill, and a schedule's tick behind neither. */
export type QueueName = "attio-live" | "attio-push" | "attio-backfill" | "attio-upkeep";

/** A unit of work: names and ids alone, since everything else is in Postgres. */
export interface Job {
  name: string;
  /** Of jobs with one key at most one waits. */
  key: string;
  data: { stream?: string; chore?: Chore };
}

/** Turns waiting deliveries into dirty marks. */
export function inboxJob(): Job {
  return { name: "inbox", key: "inbox", data: {} };
}

/** Sees to the dirty marks of a stream. */
export function hydrateJob(stream: string): Job {
  return { name: "hydrate", key: `hydrate:${stream}`, data: { stream } };
}

/** Pushes local changes to Attio. */
export function pushJob(): Job {
  return { name: "push", key: "push", data: {} };
}

/**
 * Reads the streams that want it in full. The key is that of the next one that is nobody's, so that while one process reads,
 * another one is called to help.
 */
export function backfillJob(next: string): Job {
  return { name: "backfill", key: `backfill:${next}`, data: {} };
}

/** Does a chore that is wanted, beside the backfill, which may take hours. */
export function choreJob(chore: Chore): Job {
  return { name: "chore", key: `chore:${chore}`, data: { chore } };
}

/** A schedule's tick: from now on the chore is wanted. */
export function tickJob(chore: Chore): Job {
  return { name: "tick", key: `tick:${chore}`, data: { chore } };
}

/**
 * The same job under another key: for work that has waited so long that the job that was to do it must have died with its
 * worker, or may have. The keys change at intervals, so that one such job is added at a time.
 */
export function again(job: Job, nowMs: number, everyMs = 5_000): Job {
  return { ...job, key: `${job.key}:${Math.floor(nowMs / everyMs)}` };
}
