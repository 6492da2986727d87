import type { Cells } from "../../db/control/index.ts";
import type { AttributePlan } from "../mapping/record-plan.ts";
import { valuesIn } from "./write-form.ts";

/** Unique values that a row has by these changes and did not have before. Pure. */
export function claimedValues(attributes: readonly AttributePlan[], base: Cells, local: Cells): string[] {
  return uniqueOf(attributes).flatMap((attribute) => {
    const before = new Set(comparedValues(attribute, base));
    return comparedValues(attribute, local).filter((value) => !before.has(value));
  });
}

/** Attributes of which these changes give up a unique value. Pure. */
export function releasingAttributes(
  attributes: readonly AttributePlan[],
  base: Cells,
  local: Cells,
): AttributePlan[] {
  return uniqueOf(attributes).filter((attribute) => {
    if (!(attribute.column in local)) return false;
    const after = new Set(comparedValues(attribute, local));
    return comparedValues(attribute, base).some((value) => !after.has(value));
  });
}

/** What is left of Attio's values of a unique attribute once those are gone that are given up here. Pure. */
export function keptValues(
  attribute: AttributePlan,
  { base, local, remote }: Record<"base" | "local" | "remote", Cells>,
) {
  const [before, after] = [base, local].map((cells) => new Set(comparedValues(attribute, cells)));
  return valuesIn(attribute, remote).filter(({ main }) => {
    const value = compared(main);
    return before?.has(value) !== true || after?.has(value) === true;
  });
}

function uniqueOf(attributes: readonly AttributePlan[]): AttributePlan[] {
  return attributes.filter(({ unique, writable }) => unique && writable);
}

function comparedValues(attribute: AttributePlan, cells: Cells): string[] {
  return valuesIn(attribute, cells).map(({ main }) => compared(main));
}

/** Attio compares addresses and domains without regard to case. */
function compared(main: unknown): string {
  return String(main).toLowerCase();
}
