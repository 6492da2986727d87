import type { UnequalRow } from "../../db/queries/compare.ts";

/** A row that is not as Attio has it because it was written here; without its values, which are the customer's. */
export interface HeldRow {
  id: string;
  /** What was done to it here. */
  kind: "insert" | "update" | "delete";
  /** The columns that differ for that; none where the whole row was inserted or deleted. */
  columns: readonly string[];
}

/** What is unequal in a row, by whether it was meant to be. */
export interface Parted {
  /** What was written here and is not in Attio; undefined where nothing was. */
  held: HeldRow | undefined;
  /** What differs besides; undefined where nothing does. */
  rest: UnequalRow | undefined;
}

/**
 * Parts what differs on purpose from what does not, just as an apply would: it leaves a row alone that was deleted here,
 * and puts values that were written here in place of Attio's. Pure.
 */
export function partHeld(found: UnequalRow): Parted {
  const { id, hold, isMissing, columns } = found;
  if (hold === null) return { held: undefined, rest: found };
  if (hold.deleted) return { held: { id, kind: "delete", columns: [] }, rest: undefined };
  if (isMissing) return { held: undefined, rest: found };
  const held = columns.filter((column) => column in hold.cells);
  const others = columns.filter((column) => !(column in hold.cells));
  return {
    held: held.length === 0 ? undefined : { id, kind: "update", columns: held },
    rest: others.length === 0 ? undefined : { ...found, columns: others },
  };
}
