import { listStreams } from "../../db/queries/streams.ts";
import type { StreamRow } from "../../db/queries/streams.ts";
import type { SyncDeps } from "../deps.ts";
import { syncSchema } from "../schema/sync-schema.ts";
import { FIXED_STREAMS, UnknownStreamError } from "../streams.ts";
import { openLease } from "./lease.ts";
import { runStream } from "./run-stream.ts";
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

/** States in which Attio would refuse every page. */
const NOT_SHOWN = new Set(["hidden", "gone", "disabled", "forbidden"]);

/**
 * Syncs the schema, then reads every stream in full and leaves the mirror equal to Attio. Streams follow one another,
 * parents before what hangs on them; within a stream, windows run side by side.
 *
 * @throws {UnknownStreamError} when a named stream does not exist
 * @throws {AttioAuthError} when the token is refused
 */
export async function backfill(deps: SyncDeps, options: BackfillOptions = {}): Promise<StreamResult[]> {
  const signal = options.signal ?? new AbortController().signal;
  await syncSchema(deps, { signal, priority: "backfill" });
  const streams = chooseStreams(await listStreams(deps.db.orm), options.streams ?? []);
  const lease = openLease(deps.db.url, deps.log);
  const longest = { object: 0, list: 0 };
  const results: StreamResult[] = [];
  try {
    for (const stream of streams) {
      const progress: BackfillProgress = { stream: stream.stream, rows: 0, expected: null };
      const report = (change: Partial<BackfillProgress>) => {
        options.onProgress?.(Object.assign(progress, change));
      };
      report({});
      const result = isNotShown(stream)
        ? skipped(stream)
        : await runStream(deps, stream, {
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

/** The streams to read, in an order that has parents first: members, records, entries, and what hangs on them. */
function chooseStreams(all: readonly StreamRow[], wanted: readonly string[]): StreamRow[] {
  const known = all.filter(
    (row) => row.kind !== "fixed" || (FIXED_STREAMS as readonly string[]).includes(row.stream),
  );
  const names = known.map((row) => row.stream);
  for (const name of wanted) if (!names.includes(name)) throw new UnknownStreamError(name, names);
  return known
    .filter((row) => wanted.length === 0 || wanted.includes(row.stream))
    .toSorted((a, b) => rank(a) - rank(b) || (a.stream < b.stream ? -1 : 1));
}

function rank(row: StreamRow): number {
  if (row.stream === "members") return 0;
  if (row.kind === "object") return 1;
  if (row.kind === "list") return 2;
  return 3 + (FIXED_STREAMS as readonly string[]).indexOf(row.stream);
}

/** Of objects and lists the schema sync has just looked whether such a state still holds; the others must be tried. */
function isNotShown({ kind, state }: StreamRow): boolean {
  return kind !== "fixed" && NOT_SHOWN.has(state);
}

/** A stream that Attio does not show: its rows stay, and the result says why. */
function skipped({ stream, state, reason }: StreamRow): StreamResult {
  const nothing = { rows: 0, written: 0, unchanged: 0, deleted: 0, requests: 0, ms: 0 };
  return { stream, ...nothing, state: state as StreamResult["state"], reason };
}
