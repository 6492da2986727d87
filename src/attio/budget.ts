import { systemClock, type Clock } from "../lib/clock.ts";
import { RateLane } from "./rate-lane.ts";
import type { Priority } from "./waiters.ts";

/** Which of Attio's two limits a request counts against; a POST query reads. */
export type RequestKind = "read" | "write";

/** Grants requests at a rate. Shared by every client that gets the same budget. */
export interface Budget {
  /** Resolves when one request of this kind may be sent; rejects with the signal's reason. */
  acquire(kind: RequestKind, options: { priority: Priority; signal?: AbortSignal }): Promise<void>;
  /** Grants nothing before `epochMs` (local clock); an earlier time than one already named changes nothing. */
  pauseUntil(epochMs: number): Promise<void> | void;
}

export interface LocalBudgetOptions {
  /** Attio allows 100 reads and 25 writes a second for the whole workspace (docs: "Rate limiting"); keep below. */
  readonly readsPerSecond: number;
  readonly writesPerSecond: number;
}

/**
 * A budget for one process: a lane for reads and one for writes.
 * Throws RangeError for a rate that is not positive.
 */
export function createLocalBudget(
  { readsPerSecond, writesPerSecond }: LocalBudgetOptions,
  { clock = systemClock }: { clock?: Clock } = {},
): Budget {
  const lanes = { read: new RateLane(readsPerSecond), write: new RateLane(writesPerSecond) };
  return {
    acquire: (kind, { priority, signal }) => lanes[kind].acquire(priority, signal),
    pauseUntil: (epochMs) => {
      const pauseMs = epochMs - clock.now();
      lanes.read.pauseFor(pauseMs);
      lanes.write.pauseFor(pauseMs);
    },
  };
}
