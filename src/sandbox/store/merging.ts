import { badRequest } from "../support/errors.ts";
import type { State } from "./state.ts";

/** Throws 400 `merge_in_progress` for a write that touches a record whose merge is still being applied, or an original of it. */
export function assertSettled(state: State, recordId: string): void {
  if (!state.merging.has(state.mergedInto.get(recordId) ?? recordId)) return;
  throw badRequest("merge_in_progress", `Record with ID "${recordId}" is being merged.`);
}
