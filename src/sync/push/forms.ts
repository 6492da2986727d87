import type { Cells } from "../../db/control/index.ts";

/** Columns that are forms of one value, the one that counts where several are given first. */
export type Forms = readonly (readonly string[])[];

/** What changes of one row come to: later values over earlier ones, of each value the form in which it was written last. Pure. */
export function foldChanges(changes: readonly Cells[], forms: Forms): Cells {
  const folded: Cells = {};
  for (const change of changes) {
    for (const columns of forms) {
      if (columns.some((column) => column in change))
        for (const column of columns) Reflect.deleteProperty(folded, column);
    }
    for (const [column, value] of Object.entries(change)) folded[column] = value;
    for (const columns of forms) {
      const given = columns.filter((column) => column in folded);
      for (const column of given.slice(1)) Reflect.deleteProperty(folded, column);
    }
  }
  return folded;
}

/** These columns, and those that are other forms of their values. Pure. */
export function withForms(columns: readonly string[], forms: Forms): string[] {
  const others = forms.filter((group) => group.some((column) => columns.includes(column))).flat();
  return [...new Set([...columns, ...others])];
}
