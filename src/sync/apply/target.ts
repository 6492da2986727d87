import type { ColumnType } from "../../db/mirror/tables.ts";

/** A column whose changes are kept in `attio.value_history`. */
export interface TrackedColumn {
  /** The attribute's slug. */
  slug: string;
  column: string;
  type: ColumnType;
}

/** Where an apply writes: one table of the mirror and the stream that feeds it. */
export interface ApplyTarget {
  stream: string;
  table: string;
  key: string;
  /** The version of the table's plan that the rows were mapped by. */
  version: number;
  /** Empty for tables without history. */
  tracked: readonly TrackedColumn[];
}

/** The schema changed between a fetch and its apply; what was fetched must be mapped anew. */
export class PlanChangedError extends Error {
  constructor(stream: string) {
    super(`the schema of stream ${stream} changed under way`);
    this.name = "PlanChangedError";
  }
}
