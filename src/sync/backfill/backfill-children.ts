import { addMissing, addPart, loadParts, saveCheckpoint } from "../../db/queries/runs.ts";
import { transact } from "../../db/tx.ts";
import { applyRows } from "../apply/apply-rows.ts";
import { FIXED_TARGETS } from "../fetch/fixed-sources.ts";
import { findAbsentAtParents, findOrphans } from "../walk/absent.ts";
import { CHILD_STREAMS } from "../walk/child-streams.ts";
import type { ChildStream, ChildStreamName } from "../walk/child-streams.ts";
import { walkChildren } from "../walk/children.ts";
import type { ChildBatch, CrawlCursor } from "../walk/children.ts";
import type { RunContext } from "./run-context.ts";

/** One worker crawls, so there is one checkpoint. */
const PART = 1;

/** Crawls a stream that Attio lists at each parent only: each batch is applied with its checkpoint. */
export async function backfillChildren(context: RunContext, stream: ChildStreamName): Promise<void> {
  const { deps, signal } = context;
  const child = CHILD_STREAMS[stream];
  const start = await resume(context);
  if (start === "done") return;
  await walkChildren(
    { client: deps.client, sql: deps.db.sql },
    child,
    { start, take: (batch) => applyBatch(context, child, batch) },
    signal,
  );
  await noteOrphans(context, child);
}

async function resume({ deps, run }: RunContext): Promise<CrawlCursor | "done"> {
  const [part] = await loadParts<CrawlCursor>(deps.db.sql, run.id);
  const start: CrawlCursor = { table: null, after: null };
  if (part === undefined) await addPart(deps.db.sql, run.id, PART, start);
  return part?.done === true ? "done" : (part?.cursor ?? start);
}

async function applyBatch(context: RunContext, child: ChildStream, batch: ChildBatch): Promise<void> {
  const { deps, run, holder } = context;
  const { parents, read, shown, begin, requests, next } = batch;
  const [main, ...companions] = child.tables;
  if (main === undefined) return;
  for (const table of companions) {
    await applyRows(deps.db.sql, FIXED_TARGETS[table], { rows: shown.get(table) ?? [], begin });
  }
  const rows = shown.get(main) ?? [];
  await applyRows(deps.db.sql, FIXED_TARGETS[main], { rows, begin }, async (tx, counts) => {
    for (const table of child.tables) {
      const target = FIXED_TARGETS[table];
      const ids = (shown.get(table) ?? []).map((row) => row.id);
      const missing = await findAbsentAtParents(tx, target, parents, { ids: read, begin, shown: ids });
      await addMissing(tx, run.id, target.stream, missing);
    }
    await saveCheckpoint(tx, run, holder, {
      part: PART,
      cursor: next,
      done: false,
      rows: rows.length,
      written: counts.written,
      unchanged: counts.unchanged,
      requests,
      droppedCharacters: rows.reduce((sum, row) => sum + row.droppedCharacters, 0),
    });
  });
  context.onRows(rows.length);
}

/** Rows whose parent is no longer in the mirror are looked up one by one. */
async function noteOrphans(context: RunContext, child: ChildStream): Promise<void> {
  const { deps, run, holder } = context;
  await transact(deps.db.sql, async (tx) => {
    for (const table of child.tables) {
      const target = FIXED_TARGETS[table];
      await addMissing(tx, run.id, target.stream, await findOrphans(tx, target, child, run.firstTicket));
    }
    await saveCheckpoint(tx, run, holder, {
      part: PART,
      cursor: { table: null, after: null },
      done: true,
      rows: 0,
      written: 0,
      unchanged: 0,
      requests: 0,
      droppedCharacters: 0,
    });
  });
}
