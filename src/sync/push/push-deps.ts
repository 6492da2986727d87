import type { SyncDeps } from "../deps.ts";
import type { ConflictPolicy } from "./decide.ts";

/** What pushing works with. */
export interface PushDeps extends SyncDeps {
  policy: ConflictPolicy;
  /** The id under which Attio knows our token as an actor; null where it is not known. */
  ownActor: string | null;
}
