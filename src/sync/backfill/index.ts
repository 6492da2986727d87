import { listStreams } from "../../db/queries/streams.ts";
import type { StreamRow } from "../../db/queries/streams.ts";
import type { SyncDeps } from "../deps.ts";
import { syncSchema } from "../schema/sync-schema.ts";
import { chooseStreams, isNotShown } from "../walk/choose-streams.ts";
import { openLease } from "./lease.ts";
import { claimInTurn, runStream } from "./run-stream.ts";
import type { StreamResult } from "./run-stream.ts";

export type { StreamResult } from "./run-stream.ts";

export interface BackfillProgress {
  stream: string;
  /** Rows read so far. */
  rows: number;
  /** Rows that the mirror held when the run began; null when it held none. */
  expected: number | null;
}

export interface BackfillOptions {
  /** All of the workspace's when empty. */
  streams?: readonly string[];
  /** Delete what is confirmed to be gone, however much it is. */
  allowDeletes?: boolean;
  signal?: AbortSignal;
  onProgress?: (progress: BackfillProgress) => void;
  onResult?: (result: StreamResult) => void;
}

/**
 * Syncs the schema, then reads every stream in full and leaves the mirror equal to Attio. Streams follow one another,
 * parents before what hangs on them; within a stream, windows run side by side.
 *
 * @throws {UnknownStreamError} when a named stream does not exist
 * @throws {AttioAuthError} when the token is refused
 */
export async function backfill(deps: SyncDeps, options: BackfillOptions = {}): Promise<StreamResult[]> {
  const signal = options.signal ?? new AbortController().signal;
  const lease = openLease(deps.db.url, deps.log);
  const longest = { object: 0, list: 0 };
  const results: StreamResult[] = [];
  try {
    await syncSchema(deps, { signal, priority: "backfill" });
    const streams = chooseStreams(await listStreams(deps.db.orm), options.streams ?? []);
    for (const stream of streams) {
      const progress: BackfillProgress = { stream: stream.stream, rows: 0, expected: null };
      const report = (change: Partial<BackfillProgress>) => {
        options.onProgress?.(Object.assign(progress, change));
      };
      report({});
      const result = isNotShown(stream)
        ? skipped(stream)
        : await runStream(deps, stream, await claimInTurn(lease, stream.stream, signal), {
            allowDeletes: options.allowDeletes ?? false,
            signal,
            holder: lease,
            longest,
            onHeld: (held) => report({ expected: held === 0 ? null : held }),
            onRows: (rows) => report({ rows: progress.rows + rows }),
          });
      results.push(result);
      options.onResult?.(result);
    }
  } finally {
    await lease.close();
  }
  return results;
}

/** A stream that Attio does not show: its rows stay, and the result says why. */
function skipped({ stream, state, reason }: StreamRow): StreamResult {
  const nothing = { rows: 0, written: 0, unchanged: 0, deleted: 0, requests: 0, ms: 0 };
  return { stream, ...nothing, state: state as StreamResult["state"], reason };
}
