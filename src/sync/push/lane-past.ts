import type { Cells } from "../../db/control/index.ts";
import type { Lane } from "../../db/queries/outbox.ts";

type Past = Pick<Lane, "changes">;

/**
 * What each of a lane's attempts so far may have sent, the first one first. Whichever came to effect, a later one may have come
 * to nothing: the row was edited in between, and an attempt took all there was. Pure.
 */
export function attemptsOf({ changes }: Past): Cells[][] {
  const sent = changes.filter(({ attemptedAtMs }) => attemptedAtMs !== null);
  const ends = sent.flatMap(({ attempts }, place) => {
    const next = sent[place + 1];
    return next === undefined || next.attempts < attempts ? [place + 1] : [];
  });
  return ends.map((end) => sent.slice(0, end).map((change) => change.changes));
}

/** What of a change has not been changed later by what was sent of its record by another row. Pure. */
export function notOutrun(
  { id, changes }: Past["changes"][number],
  sent: ReadonlyMap<string, number>,
): Cells {
  return Object.fromEntries(Object.entries(changes).filter(([column]) => (sent.get(column) ?? 0) <= id));
}

/** Whether a request that makes the row may have been carried out. Pure. */
export function mayBeMade({ changes }: Past): boolean {
  return changes.some(({ operation, attemptedAtMs }) => operation === "insert" && attemptedAtMs !== null);
}

/** How long ago the first of the lane's changes was made, in milliseconds. */
export function ageOf({ changes }: Past): number {
  return Date.now() - (changes[0]?.createdAtMs ?? 0);
}
