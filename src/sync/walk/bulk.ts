import type { RequestOptions } from "../../attio/index.ts";

/** How the requests of a walk go out: behind interactive work, and ended with the walk. */
export function bulkOptions(signal: AbortSignal): RequestOptions {
  return { signal, priority: "backfill" };
}
