import type { Cells } from "../../db/control/index.ts";
import type { OutboxChange } from "../../db/queries/outbox.ts";
import { columnsOf, type AttributePlan } from "../mapping/record-plan.ts";
import { cellsOf } from "./attribute-cells.ts";
import { valuesIn, type ValueCells } from "./write-form.ts";

/** Unique values that a row has by these changes and did not have before. Pure. */
export function claimedValues(attributes: readonly AttributePlan[], base: Cells, local: Cells): string[] {
  return uniqueOf(attributes).flatMap((attribute) => {
    const before = new Set(comparedValues(attribute, base));
    return comparedValues(attribute, local).filter((value) => !before.has(value));
  });
}

/** Unique values that a row has, or has had since its first change that waits, and shall not keep. Pure. */
export function releasedValues(
  attribute: AttributePlan,
  local: Cells,
  changes: readonly Pick<OutboxChange, "base" | "changes">[],
): Set<string> {
  if (!(attribute.column in local)) return new Set();
  const after = new Set(comparedValues(attribute, local));
  // An attempt whose answer was lost may have put a value there that came and went since.
  const had = changes.flatMap((change) => [change.base, change.changes]);
  return new Set(
    had.flatMap((cells) => comparedValues(attribute, cells)).filter((value) => !after.has(value)),
  );
}

/** What Attio has of an attribute but for these values. Pure. */
export function valuesWithout(
  attribute: AttributePlan,
  remote: Cells,
  released: ReadonlySet<string>,
): ValueCells[] {
  return valuesIn(attribute, remote).filter(({ main }) => !released.has(compared(main)));
}

/** The cells of an attribute but for these values, and for what stands beside them. Pure. */
export function cellsWithout(attribute: AttributePlan, cells: Cells, released: ReadonlySet<string>): Cells {
  const main = cells[attribute.column] ?? null;
  if (!Array.isArray(main))
    return cellsOf(attribute, main !== null && released.has(compared(main)) ? {} : cells);
  const isKept = main.map((member: unknown) => !released.has(compared(member)));
  return Object.fromEntries(
    columnsOf(attribute).map((column) => {
      const value = cells[column] ?? null;
      return [column, Array.isArray(value) ? value.filter((_, place) => isKept[place]) : value];
    }),
  );
}

/** Attributes of which no two records may have a value in common. Pure. */
export function uniqueOf(attributes: readonly AttributePlan[]): AttributePlan[] {
  return attributes.filter(({ unique, writable }) => unique && writable);
}

function comparedValues(attribute: AttributePlan, cells: Cells): string[] {
  return valuesIn(attribute, cells).map(({ main }) => compared(main));
}

/** Attio compares addresses and domains without regard to case. */
function compared(main: unknown): string {
  return String(main).toLowerCase();
}
