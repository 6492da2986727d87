import { isDeepStrictEqual } from "node:util";
import type { Cells } from "../../db/control/index.ts";
import { columnsOf, type AttributePlan } from "../mapping/record-plan.ts";

/** The cells of one attribute, those that a row lacks as null. Pure. */
export function cellsOf(attribute: AttributePlan, cells: Cells): Cells {
  return Object.fromEntries(columnsOf(attribute).map((column) => [column, cells[column] ?? null]));
}

/**
 * Adds the main column, as null, of each attribute of which only parts were given: `{ name_first: "Ada" }` →
 * `{ name_first: "Ada", name: null }`. An attribute counts as changed when its main column is there. Pure.
 */
export function withMainColumns(attributes: readonly AttributePlan[], cells: Cells): Cells {
  const partial = attributes.filter(
    ({ column, sides }) => !(column in cells) && Object.values(sides).some((side) => side in cells),
  );
  return { ...cells, ...Object.fromEntries(partial.map(({ column }) => [column, null])) };
}

/**
 * The cells of an attribute whose parts were given to a record that exists already: parts that were not named are the
 * record's own, and where nothing then differs the whole is the record's too. Pure.
 */
export function completedParts(attribute: AttributePlan, local: Cells, remote: Cells): Cells {
  const cells = cellsOf(attribute, local);
  if (cells[attribute.column] !== null || attribute.multi) return cells;
  const sides = Object.values(attribute.sides);
  const completed = Object.fromEntries(sides.map((side) => [side, local[side] ?? remote[side] ?? null]));
  const isSame = sides.every((side) => isDeepStrictEqual(completed[side], remote[side] ?? null));
  return isSame ? cellsOf(attribute, remote) : { ...cells, ...completed };
}
