import type { Column } from "./tables.ts";

/** Columns that are one value of Attio's and are captured together. */
export interface CapturedGroup {
  /** The value's own column first, e.g. `company`, then those of its parts, e.g. `company_object`. */
  columns: readonly Column[];
  /** Whether no two records may have one of its values in common: a change then says which of them it gives up. */
  unique: boolean;
  /** Whether the parts mean nothing without the value's own column, as `company_object` without `company`. */
  needsMain?: boolean;
  /** What it must not hold besides what its columns' types rule out. */
  checks?: readonly Check[];
}

/** A condition on a new row `n`, in SQL, and what is said of a row for which it holds. */
export type Check = readonly [condition: string, problem: string];

/** What a table's triggers capture. */
export interface Capture {
  stream: string;
  /** Names the table's trigger functions: the source's id. */
  id: string;
  key: string;
  /** Given with INSERT and never changed. */
  insertOnly: readonly string[];
  /** A new row without a value in one of them is refused. */
  required: readonly string[];
  /** What a new row must not be. */
  insertChecks?: readonly Check[];
  groups: readonly CapturedGroup[];
  /** Columns of the mirror that Attio does not let us write. */
  readOnly: readonly Column[];
  /** DELETE sets `_deleted_at` and leaves the row. */
  softDelete: boolean;
}
