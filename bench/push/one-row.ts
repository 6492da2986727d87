import { setTimeout as delay } from "node:timers/promises";
import type { Stage } from "./course.ts";

/** Above the values of other parts. */
const FIRST_VALUE = 4_000_000;

/** How often it is asked whether a write has arrived. */
const ASK_MS = 5;

/** Edits of one row. */
export interface OneRow {
  /** Of edits that were each made once the one before had arrived: milliseconds from the commit to the write. */
  eachMs: number[];
  /** Of edits in quick succession: milliseconds from the last one's commit to the last write. */
  lastMs: number;
  /** Requests that wrote meanwhile, and seconds that the edits took. */
  writes: number;
  seconds: number;
  /** The last value is Attio's. */
  isEqual: boolean;
  refused: number;
}

/** Edits a row, first one edit after the other's arrival, then every so often. */
export async function measureOneRow(
  { user, workspace, ids, quiet }: Stage,
  { inTurn, steady, everyMs }: { inTurn: number; steady: number; everyMs: number },
): Promise<OneRow> {
  const id = ids[0] ?? "";
  await workspace.traffic();
  const eachMs: number[] = [];
  for (let edit = 1; edit <= inTurn; edit++) {
    const committedAtMs = await user.edit(id, FIRST_VALUE + edit);
    let writes = await workspace.writesOf(id);
    for (; writes.length < edit; writes = await workspace.writesOf(id)) await delay(ASK_MS);
    eachMs.push((writes[edit - 1] ?? Number.NaN) - committedAtMs);
  }
  await quiet();
  await workspace.traffic();
  const beganMs = performance.now();
  let committedAtMs = 0;
  const last = FIRST_VALUE + inTurn + steady;
  for (let edit = 1; edit <= steady; edit++) {
    committedAtMs = await user.edit(id, FIRST_VALUE + inTurn + edit);
    await delay(Math.max(0, beganMs + edit * everyMs - performance.now()));
  }
  const seconds = (performance.now() - beganMs) / 1_000;
  await quiet();
  const { requests, refused } = await workspace.traffic();
  const writes = requests.filter((request) => request.id === id && request.kind === "write");
  return {
    eachMs,
    lastMs: (writes.at(-1)?.atMs ?? Number.NaN) - committedAtMs,
    writes: writes.length,
    seconds,
    isEqual: (await workspace.value(id)) === last,
    refused,
  };
}
