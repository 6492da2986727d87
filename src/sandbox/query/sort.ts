import { badRequest } from "../support/errors.ts";
import { isList, isObject, type Json, type JsonObject } from "../support/json.ts";
import { attributeOf } from "../store/find.ts";
import type { Attribute, Container, Item } from "../store/model.ts";
import type { State } from "../store/state.ts";
import { activeValues } from "../wire/values.ts";
import { filterError, type Scalar } from "./operators.ts";
import { followPath, parsePath } from "./paths.ts";
import { FILTERABLE } from "./properties.ts";
import { readProperty } from "./read-property.ts";

/** One sort: what it compares, and its direction. */
export interface Sort {
  readonly key: (item: Item) => Scalar;
  readonly descending: boolean;
  /** Set where the items' own order can be used. */
  readonly virtual: Attribute["virtual"];
}

/** Reads `sorts` (docs page "Filtering and sorting"). Throws 400 `validation_type` or `filter_error`. */
export function compileSorts(state: State, container: Container, raw: Json | undefined): Sort[] {
  if (raw === undefined || raw === null) return [];
  if (!isList(raw)) throw badRequest("validation_type", "sorts must be an array.");
  return raw.map((one) => compileSort(state, container, one));
}

/** Compares by the sorts in turn; 0 for a tie. Items without a value come last when ascending. */
export function comparator(sorts: readonly Sort[]): (a: Item, b: Item) => number {
  return (a, b) => {
    for (const { key, descending } of sorts) {
      const order = compareScalars(key(a), key(b));
      if (order !== 0) return descending ? -order : order;
    }
    return 0;
  };
}

function compileSort(state: State, container: Container, raw: Json): Sort {
  const direction = isObject(raw) ? raw["direction"] : undefined;
  if (!isObject(raw) || (direction !== "asc" && direction !== "desc")) {
    throw badRequest("validation_type", 'A sort needs a direction, "asc" or "desc".');
  }
  const descending = direction === "desc";
  if (raw["path"] !== undefined) return { ...sortByPath(state, container, raw), descending };
  const slug = raw["attribute"];
  const attribute = typeof slug === "string" ? attributeOf(container, slug) : undefined;
  if (attribute === undefined) throw filterError(`Unknown attribute slug: ${JSON.stringify(slug)}.`);
  const property = propertyOf(attribute, raw["field"]);
  const key = (item: Item): Scalar => firstValue(state, item, attribute, property);
  return { key, descending, virtual: attribute.virtual };
}

function sortByPath(state: State, container: Container, raw: JsonObject): Omit<Sort, "descending"> {
  const steps = parsePath(state, container, raw["path"] ?? null);
  const attribute = steps.at(-1)?.attribute;
  if (attribute === undefined) throw filterError("A path must not be empty.");
  const property = propertyOf(attribute, raw["field"]);
  const key = (item: Item): Scalar => {
    const [reached] = followPath(state, item, steps);
    return reached === undefined ? undefined : firstValue(state, reached, attribute, property);
  };
  return { key, virtual: undefined };
}

function propertyOf(attribute: Attribute, field: Json | undefined): string {
  const type = FILTERABLE[attribute.type];
  if (field === undefined || field === null)
    return type?.implicit ?? Object.keys(type?.properties ?? {})[0] ?? "value";
  if (typeof field === "string" && type !== undefined && field in type.properties) return field;
  throw filterError(`Invalid field ${JSON.stringify(field)} for attribute of type '${attribute.type}'.`);
}

function firstValue(state: State, item: Item, attribute: Attribute, property: string): Scalar {
  const [first] = activeValues(item, attribute);
  if (first === undefined) return undefined;
  const value = readProperty(state, attribute, first, property);
  const isChoice = property === "option" || property === "status";
  return isChoice && typeof value === "string" ? attribute.choices.get(value)?.title : value;
}

function compareScalars(a: Scalar, b: Scalar): number {
  if (a === b) return 0;
  if (a == null) return 1;
  if (b == null) return -1;
  return a < b ? -1 : 1;
}
