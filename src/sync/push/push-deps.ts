import type { SyncDeps } from "../deps.ts";
import type { ConflictPolicy } from "./decide.ts";

/** How long an answer is waited for, and how long what was asked for may still happen without one. */
export interface Patience {
  /** A request that takes longer has its answer lost; what it asked for may happen all the same. */
  timeoutMs: number;
  /** So long after it was sent, a request without answer has either been carried out or never will be. */
  graceMs: number;
}

export const PATIENCE: Patience = { timeoutMs: 10_000, graceMs: 15_000 };

/** What pushing works with. */
export interface PushDeps extends SyncDeps {
  policy: ConflictPolicy;
  /** The id under which Attio knows our token as an actor; null where it is not known. */
  ownActor: string | null;
  patience: Patience;
  /** Object → slug of the unique text attribute that receives the ids of rows inserted here. */
  externalIds: ReadonlyMap<string, string>;
}
