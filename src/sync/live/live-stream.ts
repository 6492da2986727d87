import { findStream } from "../../db/queries/streams.ts";
import type { ApplyTarget } from "../apply/target.ts";
import type { SyncDeps } from "../deps.ts";
import { FIXED_TARGETS, fixedRowSource } from "../fetch/fixed-sources.ts";
import type { FixedTable } from "../fetch/fixed-sources.ts";
import { RecordSource, targetOf } from "../fetch/record-source.ts";
import type { RowSource } from "../fetch/row-source.ts";
import { BatchSize } from "./batch-size.ts";
import { RecentMarks } from "./linger.ts";

/** What hydrate learns of a stream; kept between its rounds, and when the stream is opened anew. */
export interface Learnt {
  /** How many ids a query may name. */
  batch: BatchSize;
  recent: RecentMarks;
}

/** A stream as hydrate works on it. */
export interface LiveStream extends Learnt {
  name: string;
  source: RowSource;
  target(): ApplyTarget;
}

/** Opens a stream for hydrate; undefined when the mirror has none of that name (any more). */
export async function openLiveStream(
  deps: SyncDeps,
  name: string,
  learnt: Learnt = { batch: new BatchSize(), recent: new RecentMarks() },
): Promise<LiveStream | undefined> {
  const row = await findStream(deps.db.orm, name);
  if (row === undefined) return undefined;
  const { batch, recent } = learnt;
  if (row.kind === "fixed") {
    const table = row.stream as FixedTable;
    return { name, batch, recent, source: fixedRowSource(deps, table), target: () => FIXED_TARGETS[table] };
  }
  const source = await RecordSource.open(deps, row, { object: 0, list: 0 });
  return { name, batch, recent, source, target: () => targetOf(source.plan) };
}
