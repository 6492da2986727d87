import { beginChore, finishChore } from "../../db/queries/chores.ts";
import { claimRun } from "../../db/queries/runs.ts";
import { findStream } from "../../db/queries/streams.ts";
import { wantedStreams } from "../../db/queries/wanted-streams.ts";
import type { SyncDeps } from "../deps.ts";
import { refreshSchema } from "../schema/refresh-schema.ts";
import { readyStreams } from "../walk/choose-streams.ts";
import { openLease } from "./lease.ts";
import { runStream } from "./run-stream.ts";
import type { StreamResult } from "./run-stream.ts";

export interface BackfillWantedOptions {
  /** As `wantedStreams` takes it. */
  failuresSince: number;
  signal: AbortSignal;
  onResult: (result: StreamResult) => void;
}

/**
 * Reads the streams that want it in full, one after the other, until none is left that may be read. Processes that do so at the
 * same time share them: each takes the next that is nobody's.
 *
 * @throws {AttioAuthError} when the token is refused
 */
export async function backfillWanted(
  deps: SyncDeps,
  { failuresSince, signal, onResult }: BackfillWantedOptions,
): Promise<void> {
  const { sql, orm } = deps.db;
  const lease = openLease(deps.db.url, deps.log);
  const longest = { object: 0, list: 0 };
  // One that is wanted again meanwhile shall not keep the others from their turn.
  const tried = new Set<string>();
  try {
    if (!(await wantedStreams(sql, failuresSince)).isSchemaRead) await readSchema(deps, signal);
    while (!signal.aborted) {
      const ready = readyStreams(await wantedStreams(sql, failuresSince));
      const name = ready.find(({ stream }) => !tried.has(stream))?.stream;
      if (name === undefined) return;
      const stream = await findStream(orm, name);
      const claim = stream === undefined ? undefined : await claimRun(lease, name);
      if (claim?.kind === "busy") continue;
      tried.add(name);
      if (stream === undefined || claim === undefined) continue;
      const options = { allowDeletes: false, signal, holder: lease, longest };
      onResult(await runStream(deps, stream, claim.run, options));
    }
  } finally {
    await lease.close();
  }
}

/** As the schema's own chore does, and noted as such: processes that join in need not do it again. */
async function readSchema(deps: SyncDeps, signal: AbortSignal): Promise<void> {
  const { sql } = deps.db;
  const begunAt = await beginChore(sql);
  await refreshSchema(deps, { signal, priority: "backfill" });
  await finishChore(sql, "schema", { begunAt, ok: true });
}
