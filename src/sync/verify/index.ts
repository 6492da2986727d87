import { listStreams } from "../../db/queries/streams.ts";
import type { SyncDeps } from "../deps.ts";
import { syncSchema } from "../schema/sync-schema.ts";
import { chooseStreams, isNotShown } from "../walk/choose-streams.ts";
import { notVerified, verifyStream } from "./verify-stream.ts";
import type { StreamVerification } from "./verify-stream.ts";

export type { Drift, DriftKind } from "./findings.ts";
export type { HeldRow } from "./held.ts";
export type { StreamVerification } from "./verify-stream.ts";

export interface VerifyProgress {
  stream: string;
  /** Rows compared so far. */
  rows: number;
  /** Rows that the mirror held when the comparison began; null when it held none. */
  expected: number | null;
}

export interface VerifyOptions {
  /** All of the workspace's when empty. */
  streams?: readonly string[];
  /** Fetch again what drifted. */
  repair?: boolean;
  signal?: AbortSignal;
  onProgress?: (progress: VerifyProgress) => void;
  onResult?: (result: StreamVerification) => void;
}

/**
 * Syncs the schema, then compares every stream with Attio, value by value, and says what differs. It may run beside a
 * daemon and beside a backfill. The mirror's rows are not touched unless they are to be repaired.
 *
 * @throws {UnknownStreamError} when a named stream does not exist
 * @throws {AttioAuthError} when the token is refused
 */
export async function verify(deps: SyncDeps, options: VerifyOptions = {}): Promise<StreamVerification[]> {
  const signal = options.signal ?? new AbortController().signal;
  await syncSchema(deps, { signal, priority: "backfill" });
  const streams = chooseStreams(await listStreams(deps.db.orm), options.streams ?? []);
  const longest = { object: 0, list: 0 };
  const results: StreamVerification[] = [];
  for (const stream of streams) {
    const progress: VerifyProgress = { stream: stream.stream, rows: 0, expected: null };
    const report = (change: Partial<VerifyProgress>) => {
      options.onProgress?.(Object.assign(progress, change));
    };
    report({});
    const result = isNotShown(stream)
      ? notVerified(stream)
      : await verifyStream(deps, stream, {
          repair: options.repair ?? false,
          signal,
          longest,
          onHeld: (held) => report({ expected: held === 0 ? null : held }),
          onRows: (rows) => report({ rows: progress.rows + rows }),
        });
    results.push(result);
    options.onResult?.(result);
  }
  return results;
}
