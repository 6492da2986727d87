import type { Stage } from "./course.ts";

/** Two statements' rows, pushed at the same time. */
export interface TwoBulks {
  rows: number;
  /** Which part of the writes was the first one's, until either was done. */
  part: number;
  refused: number;
}

/** Changes rows in two statements, one right after the other. */
export async function measureTwoBulks(
  { user, workspace, ids, quiet }: Stage,
  rows: number,
): Promise<TwoBulks> {
  const [first, second] = [ids.slice(0, rows), ids.slice(rows, 2 * rows)];
  await workspace.traffic();
  await user.editAll(first);
  await user.editAll(second);
  await quiet();
  const { requests, refused } = await workspace.traffic();
  const left = { first: new Set(first), second: new Set(second) };
  let [written, ofFirst] = [0, 0];
  for (const { id, kind } of requests) {
    if (kind !== "write" || left.first.size === 0 || left.second.size === 0) continue;
    written += 1;
    if (left.first.delete(id)) ofFirst += 1;
    left.second.delete(id);
  }
  return { rows, part: ofFirst / written, refused };
}
