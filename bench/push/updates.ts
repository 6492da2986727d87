import type { Stage } from "./course.ts";

/** Above the values of single edits. */
const FIRST_VALUE = 3_000_000;

/** One row that was updated again and again. */
export interface Updates {
  updates: number;
  seconds: number;
  /** Requests that wrote. */
  writes: number;
  /** The last value is Attio's and the mirror's. */
  isEqual: boolean;
  refused: number;
}

/** Updates one row, by a transaction each, as fast as one client can. */
export async function measureUpdates(
  { user, workspace, ids, quiet }: Stage,
  updates: number,
): Promise<Updates> {
  const id = ids[0] ?? "";
  const beganMs = performance.now();
  for (let update = 1; update <= updates; update++) await user.edit(id, FIRST_VALUE + update);
  const seconds = (performance.now() - beganMs) / 1_000;
  await quiet();
  const { requests, refused } = await workspace.traffic();
  const last = FIRST_VALUE + updates;
  return {
    updates,
    seconds,
    writes: requests.filter((request) => request.id === id && request.kind === "write").length,
    isEqual: (await workspace.value(id)) === last && (await user.value(id)) === last,
    refused,
  };
}
