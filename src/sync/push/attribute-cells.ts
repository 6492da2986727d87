import type { Cells } from "../../db/control/index.ts";
import { columnsOf, type AttributePlan } from "../mapping/record-plan.ts";

/** The cells of one attribute, those that a row lacks as null. Pure. */
export function cellsOf(attribute: AttributePlan, cells: Cells): Cells {
  return Object.fromEntries(columnsOf(attribute).map((column) => [column, cells[column] ?? null]));
}
