import type { JsonObject } from "../lib/json.ts";
import type { RequestOptions } from "./requests.ts";

/** A filter in Attio's grammar (docs: "Filtering and sorting"): shorthand, verbose, `$and` / `$or` / `$not`, or a path. */
export type Filter = JsonObject;

/** One criterion of an order: an attribute, or a path to one. */
export type Sort =
  | { readonly attribute: string; readonly direction: "asc" | "desc"; readonly field?: string }
  | {
      readonly path: readonly (readonly [string, string])[];
      readonly direction: "asc" | "desc";
      readonly field?: string;
    };

/** A query of records or entries. */
export interface Query {
  readonly filter?: Filter | undefined;
  /** Id of a saved view whose filter is used instead of `filter`. */
  readonly filterViewId?: string | undefined;
  readonly sorts?: readonly Sort[] | undefined;
  /** Attio's default is 500; more than that is not documented. */
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

/** A whole listing of records or entries. */
export interface StreamQuery extends Omit<Query, "limit" | "offset"> {
  /** Default 500. */
  readonly pageSize?: number | undefined;
}

/** Options of a query: `map` turns each item into what is kept, while the page is still arriving. */
export type QueryOptions<R, T> = RequestOptions & { readonly map?: (item: R) => T };

/** Without sorts Attio promises no order at all, and pages need one. */
export const CREATION_ORDER: readonly Sort[] = [{ attribute: "created_at", direction: "asc" }];

/** The body of a query. */
export function queryBody({ filter, filterViewId, sorts, limit, offset }: Query): JsonObject {
  return { filter, filter_view_id: filterViewId, sorts: sorts?.map((sort) => ({ ...sort })), limit, offset };
}
