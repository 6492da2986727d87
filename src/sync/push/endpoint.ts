import type { RequestOptions } from "../../attio/index.ts";
import type { Cells } from "../../db/control/index.ts";
import type { Doorbell } from "../../db/queries/dirty.ts";
import type { ApplyTarget } from "../apply/target.ts";
import type { FetchedRowsOf } from "../fetch/row-source.ts";
import type { Ticketed } from "../fetch/ticketed.ts";
import type { AttributePlan } from "../mapping/record-plan.ts";
import type { MappedRow } from "../mapping/row.ts";
import type { Decision } from "./decide.ts";
import type { Made, Wanted } from "./find-made.ts";
import type { WriteValue } from "./write-form.ts";

/** What is to be made in Attio. */
export interface Creation {
  local: Cells;
  /** By attribute id: each attribute that has been given. */
  values: Readonly<Record<string, WriteValue[]>>;
  /** The unique attribute by which it is recognized, if it has one. */
  key: AttributePlan | undefined;
  /** What an earlier request was found to have made. */
  made: Made;
}

/** An attribute that is to be changed in Attio. */
export interface Send {
  attribute: AttributePlan;
  decision: Decision & { kind: "send" };
}

/** Attio's answer to a write. */
export interface Written {
  id: string;
  target: ApplyTarget;
  /** Undefined where it can't be read: it is asked for again. */
  row: MappedRow | undefined;
}

/** How the rows of one stream are read, looked for and written in Attio; all else of a push is the same for all of them. */
export interface Endpoint {
  readonly target: ApplyTarget;
  /** Of the plan by whose names it works; undefined where they never change. */
  readonly version: number | undefined;
  /** What is compared and changed, each by itself. */
  readonly attributes: readonly AttributePlan[];
  /** Columns that say at which record or entry a row is made: it can't be made before those are. */
  readonly place: readonly string[];
  /** Columns that are forms of one value, the one that counts where several are given first. */
  readonly forms: readonly (readonly string[])[];

  /** The unique attribute by which a record with these values is recognized. */
  keyOf(cells: Cells): AttributePlan | undefined;
  /** Gives what has no key of its own the row's id for one, where an attribute is set aside for it. */
  recognizable(cells: Cells, recordId: string): Cells;
  /** The first of these columns that can't be written any more. */
  closedColumn(cells: Cells): string | undefined;
  /** Cells as the table has them → as the attributes have them. */
  read(cells: Cells): Cells;
  /** The way back. */
  store(cells: Cells): Cells;
  /** Whether what Attio has is what was sent, but for what it writes its own way. */
  isAsSent(attribute: AttributePlan, sent: Cells, there: Cells): boolean;

  /** Throws AttioNotFoundError where Attio has none. */
  fetch(id: string, options: RequestOptions): Promise<Ticketed<FetchedRowsOf>>;
  /** What an earlier request may have made, or what has the same key. */
  findMade(wanted: Wanted): Promise<Made>;
  create(creation: Creation, options: RequestOptions): Promise<Written>;
  update(id: string, sends: readonly Send[], options: RequestOptions): Promise<Written>;
  /** Throws AttioNotFoundError where Attio has none. Says which threads lost a comment. */
  delete(id: string, options: RequestOptions): Promise<{ threads: string[] }>;

  /** Reads the schema again, if it was not read lately. Gives whether there is another plan now. */
  refreshSchema(options: RequestOptions): Promise<boolean>;

  /** What has to be looked at besides the row that was pushed. */
  doorbells(row: MappedRow): Doorbell[];
}
