import type { RequestOptions } from "../../attio/index.ts";
import type { ApplyTarget } from "../apply/target.ts";
import type { MappedRow, UnreadableRow } from "../mapping/row.ts";
import type { Ticketed } from "./ticketed.ts";

/** Fetched things as rows, and where they belong. */
export interface FetchedRowsOf {
  target: ApplyTarget;
  rows: (MappedRow | UnreadableRow)[];
}

/** How single rows of a stream are looked up in Attio. */
export interface RowSource {
  /** Those of these ids that Attio has, in one request; not every resource has such a request. */
  fetchMany?(ids: readonly string[], options: RequestOptions): Promise<Ticketed<FetchedRowsOf>>;
  /** One row. Throws AttioNotFoundError where Attio has none. */
  fetchOne(
    id: string,
    options: RequestOptions,
    /** What a doorbell told besides the id. */
    detail?: Record<string, string> | null,
  ): Promise<Ticketed<FetchedRowsOf>>;
  /** Takes up a changed schema. */
  reload?(): Promise<void>;
}
