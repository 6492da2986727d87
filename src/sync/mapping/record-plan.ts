import type { ColumnType } from "../../db/mirror/tables.ts";
import type { BlankRows } from "./blank-rows.ts";
import type { ValueKind } from "./shape.ts";

/** Where one attribute's values go. */
export interface AttributePlan {
  id: string;
  slug: string;
  kind: ValueKind;
  multi: boolean;
  type: ColumnType;
  column: string;
  /** Suffix → column. */
  sides: Readonly<Record<string, string>>;
  /** Option or status id → title; null for other types. */
  titles: ReadonlyMap<string, string> | null;
  /** Whether Attio lets us write it. */
  writable: boolean;
  /** Whether no two records may have one of its values in common. */
  unique: boolean;
  /** The slug of the only object that a record-reference may point at; null for several, or for other types. */
  targetObject: string | null;
}

/** The columns of an attribute, its main one first. Pure. */
export function columnsOf({ column, sides }: Pick<AttributePlan, "column" | "sides">): string[] {
  return [column, ...Object.values(sides)];
}

/** How records of an object, or entries of a list, become rows: the mapping in force at one version. */
export interface RecordPlan {
  stream: string;
  kind: "object" | "list";
  sourceId: string;
  slug: string;
  table: string;
  key: "record_id" | "entry_id";
  version: number;
  /** In the order of their ids, so that the hash of a row does not hang on the order in which Attio lists them. */
  attributes: readonly AttributePlan[];
  /** Rows of this plan without values. */
  blanks: BlankRows;
}
