import { findStream } from "../../db/queries/streams.ts";
import type { ApplyTarget } from "../apply/target.ts";
import type { SyncDeps } from "../deps.ts";
import { FIXED_TARGETS, fixedRowSource } from "../fetch/fixed-sources.ts";
import type { FixedTable } from "../fetch/fixed-sources.ts";
import { RecordSource, targetOf } from "../fetch/record-source.ts";
import type { RowSource } from "../fetch/row-source.ts";
import { BatchSize } from "./batch-size.ts";

/** A stream as hydrate works on it; kept between rounds, since it learns how many ids a query may name. */
export interface LiveStream {
  name: string;
  source: RowSource;
  target(): ApplyTarget;
  batch: BatchSize;
}

/** Opens a stream for hydrate; undefined when the mirror has none of that name (any more). */
export async function openLiveStream(deps: SyncDeps, name: string): Promise<LiveStream | undefined> {
  const row = await findStream(deps.db.orm, name);
  if (row === undefined) return undefined;
  const batch = new BatchSize();
  if (row.kind === "fixed") {
    const table = row.stream as FixedTable;
    return { name, batch, source: fixedRowSource(deps, table), target: () => FIXED_TARGETS[table] };
  }
  const source = await RecordSource.open(deps, row, { object: 0, list: 0 });
  return { name, batch, source, target: () => targetOf(source.plan) };
}
