import type { AttioClient, RequestOptions } from "../../../attio/index.ts";
import type { Cells } from "../../../db/control/index.ts";
import type { Doorbell } from "../../../db/queries/dirty.ts";
import { isJsonObject } from "../../../lib/json.ts";
import type { AttributePlan } from "../../mapping/record-plan.ts";
import type { MappedRow } from "../../mapping/row.ts";
import type { Creation, Send } from "../endpoint.ts";
import type { Forms } from "../forms.ts";
import type { WriteValue } from "../write-form.ts";

/** How a resource with a fixed table is written and looked for in Attio. */
export interface Resource {
  /** What can be changed. */
  attributes: readonly AttributePlan[];
  /** Columns that say at which record or entry it is made. */
  place: readonly string[];
  forms: Forms;
  /** Cells as the table has them → as the attributes have them; left out where they are the same. */
  read?: (cells: Cells, slugs: ReadonlyMap<string, string>) => Cells;
  store?: (cells: Cells) => Cells;
  /** Whether what Attio has is what was sent, but for what it writes its own way. */
  isAsSent(attribute: AttributePlan, sent: Cells, there: Cells): boolean;
  /** Whether a row is what a request for an insert with these values made. */
  isMadeOf(columns: Cells, local: Cells): boolean;
  /** What has been made where an insert with these values goes; older ones may be among them. */
  madeSince(
    client: AttioClient,
    local: Cells,
    sinceMs: number,
    options: RequestOptions,
  ): Promise<readonly MappedRow[]>;
  create(client: AttioClient, creation: Creation, options: RequestOptions): Promise<MappedRow>;
  update(
    client: AttioClient,
    id: string,
    sends: readonly Send[],
    options: RequestOptions,
  ): Promise<MappedRow>;
  delete(client: AttioClient, id: string, options: RequestOptions): Promise<{ threads: string[] }>;
  /** What else changes in Attio when one is written. */
  doorbells(row: MappedRow): Doorbell[];
}

/** A column of a fixed table as an attribute: what is written as a whole, and compared as a whole. */
export function columnAttribute(
  column: string,
  shape: Pick<AttributePlan, "kind" | "type"> & Partial<Pick<AttributePlan, "multi" | "sides">>,
): AttributePlan {
  return {
    id: column,
    slug: column,
    column,
    multi: false,
    sides: {},
    titles: null,
    writable: true,
    unique: false,
    targetObject: null,
    ...shape,
  };
}

/** The value of an attribute that has one; undefined for none. */
export function singleOf(values: readonly WriteValue[] | undefined): unknown {
  const [only] = values ?? [];
  return isJsonObject(only) ? only.value : undefined;
}

/** What is sent of an attribute; undefined where it is not. */
export function sentOf(sends: readonly Send[], column: string): readonly WriteValue[] | undefined {
  return sends.find(({ attribute }) => attribute.column === column)?.decision.values;
}

/** The text of a value; an empty one for none. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Whether two texts are the same but for marks, spaces and pictures, which Attio writes its own way or leaves out. */
export function isSameText(a: unknown, b: unknown): boolean {
  return wordsOf(a) === wordsOf(b);
}

function wordsOf(text: unknown): string {
  return textOf(text)
    .replace(/!\[[^\]]*\]\([^)]*\)/g, "")
    .replace(/[^\p{L}\p{N}]+/gu, "");
}
