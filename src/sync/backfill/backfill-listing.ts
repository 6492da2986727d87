import { addMissing, addPart, addSeen, findSeen, loadParts, saveCheckpoint } from "../../db/queries/runs.ts";
import { transact } from "../../db/tx.ts";
import { applyRows } from "../apply/apply-rows.ts";
import { FIXED_TARGETS } from "../fetch/fixed-sources.ts";
import type { Ticketed } from "../fetch/ticketed.ts";
import type { MappedRow } from "../mapping/row.ts";
import { findAbsentFromListing } from "../walk/absent.ts";
import { walkListing } from "../walk/listing.ts";
import type { ListingStream, Position } from "../walk/listing.ts";
import type { RunContext } from "./run-context.ts";

/** A listing is walked by one worker, so it has one checkpoint. */
const PART = 1;

/**
 * Walks a listing for the whole workspace. Every id that it shows is remembered with the run; what the mirror holds
 * beyond them when the listing ends is noted as missing.
 */
export async function backfillListing(context: RunContext, stream: ListingStream): Promise<void> {
  const { deps, run, signal } = context;
  const { sql } = deps.db;
  await walkListing(
    { client: deps.client, sql },
    stream,
    {
      resume: (start) => resume(context, start),
      known: (ids) => findSeen(sql, run.id, ids),
      take: (page, progress) => applyPage(context, stream, page, progress),
    },
    signal,
  );
  const target = FIXED_TARGETS[stream];
  await transact(sql, async (tx) =>
    addMissing(tx, run.id, target.stream, await findAbsentFromListing(tx, target, run)),
  );
}

async function resume({ deps, run }: RunContext, start: Position): Promise<Position | "done"> {
  const [part] = await loadParts<Position>(deps.db.sql, run.id);
  if (part === undefined) await addPart(deps.db.sql, run.id, PART, start);
  return part?.done === true ? "done" : (part?.cursor ?? start);
}

async function applyPage(
  context: RunContext,
  stream: ListingStream,
  { value: rows, begin, requests }: Ticketed<readonly MappedRow[]>,
  { next, done }: { next: Position; done: boolean },
): Promise<void> {
  const { deps, run, holder } = context;
  await applyRows(deps.db.sql, FIXED_TARGETS[stream], { rows, begin }, async (tx, counts) => {
    await addSeen(
      tx,
      run.id,
      rows.map((row) => row.id),
    );
    await saveCheckpoint(tx, run, holder, {
      part: PART,
      cursor: next,
      done,
      rows: rows.length,
      written: counts.written,
      unchanged: counts.unchanged,
      requests,
      droppedCharacters: rows.reduce((sum, row) => sum + row.droppedCharacters, 0),
    });
  });
  context.onRows(rows.length);
}
