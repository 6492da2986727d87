import type { SyncDeps } from "../deps.ts";
import type { ConflictPolicy } from "./decide.ts";

/** How long it is waited for what may still come: an answer, what was asked for without one, a row that is referred to. */
export interface Patience {
  /** A request that takes longer has its answer lost; what it asked for may happen all the same. */
  timeoutMs: number;
  /** So long after it was sent, a request without answer has either been carried out or never will be. */
  graceMs: number;
  /** So long a reference to what nobody knows is tried again before it fails (design rule 13). */
  referenceMs: number;
  /** So long nothing is written to an object or list all of whose writes Attio refuses. */
  pauseMs: number;
}

export const PATIENCE: Patience = {
  timeoutMs: 10_000,
  graceMs: 15_000,
  referenceMs: 60_000,
  pauseMs: 300_000,
};

/** What pushing works with. */
export interface PushDeps extends SyncDeps {
  policy: ConflictPolicy;
  /** The id under which Attio knows our token as an actor; null where it is not known. */
  ownActor: string | null;
  patience: Patience;
  /** Object → slug of the unique text attribute that receives the ids of rows inserted here. */
  externalIds: ReadonlyMap<string, string>;
}
