import { setTimeout as delay } from "node:timers/promises";
import type { Stage } from "./course.ts";

/** Time between edits: none finds the one before it under way, and all phases of what is done every second are met. */
const APART_MS = 310;

/** Above what the workspace was seeded with. */
const FIRST_VALUE = 2_000_000;

/** Single edits while nothing else is done. */
export interface Edits {
  /** Milliseconds from the commit to the arrival of the request that reads the record in Attio. */
  readMs: number[];
  /** Milliseconds from the commit to the arrival of the request that writes it. */
  writeMs: number[];
  /** Edits that were not written. */
  lost: number;
  refused: number;
}

/** Edits one row after the other, by a transaction each. */
export async function measureEdits({ user, workspace, ids, quiet }: Stage, edits: number): Promise<Edits> {
  const committedAtMs = new Map<string, number>();
  for (const [edit, id] of ids.slice(0, edits).entries()) {
    const beganMs = performance.now();
    committedAtMs.set(id, await user.edit(id, FIRST_VALUE + edit));
    await delay(APART_MS - (performance.now() - beganMs));
  }
  await quiet();
  const { requests, refused } = await workspace.traffic();
  /** The first request of a kind for each row, counted from its commit. */
  const latencies = (kind: "read" | "write") =>
    [...committedAtMs].flatMap(([id, atMs]) => {
      const first = requests.find((request) => request.id === id && request.kind === kind);
      return first === undefined ? [] : [first.atMs - atMs];
    });
  const writeMs = latencies("write");
  return { readMs: latencies("read"), writeMs, lost: committedAtMs.size - writeMs.length, refused };
}
