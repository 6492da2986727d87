import type { SetAside } from "../../db/queries/set-aside.ts";
import type { MappedRow, UnreadableRow } from "../mapping/row.ts";

/** A page's rows, told apart: those to write, and those that could not be read. */
export interface SplitRows {
  rows: MappedRow[];
  unreadable: SetAside[];
  droppedCharacters: number;
}

/** Tells rows that can be written from values that could not be read. Pure. */
export function splitRows(all: readonly (MappedRow | UnreadableRow)[]): SplitRows {
  const split: SplitRows = { rows: [], unreadable: [], droppedCharacters: 0 };
  for (const row of all) {
    if ("problem" in row) {
      split.unreadable.push({ id: row.id, code: "unreadable", reason: row.problem });
    } else {
      split.rows.push(row);
      split.droppedCharacters += row.droppedCharacters;
    }
  }
  return split;
}
