import { isList, isObject, type Json, type JsonObject } from "../support/json.ts";
import { parseTime } from "../support/time.ts";
import type { Container, Item } from "../store/model.ts";

/** An end of a range. */
interface Bound {
  readonly time: string;
  readonly isInclusive: boolean;
}

/** What a filter's outermost conditions say about identity and creation, so that few items need to be looked at. */
interface Bounds {
  ids?: readonly string[];
  from?: Bound;
  to?: Bound;
}

/** Items in creation order that may match. */
export interface Candidates {
  readonly items: readonly Item[];
  /** All of them match: the filter says nothing else. */
  readonly isExact: boolean;
}

/** Narrows down by the ids and the range of creation that a filter names. */
export function candidates(container: Container, filter: Json | undefined): Candidates {
  const bounds: Bounds = {};
  collect(container, filter, bounds);
  if (bounds.ids !== undefined) return { items: byIds(container, bounds.ids), isExact: false };
  const { from, to } = bounds;
  const { byTime } = container;
  if (from === undefined && to === undefined) return { items: byTime.items, isExact: false };
  const start = from === undefined ? 0 : byTime.lowerBound(({ createdAt }) => isFrom(from, createdAt));
  const end =
    to === undefined ? byTime.items.length : byTime.lowerBound(({ createdAt }) => !isUpTo(to, createdAt));
  return { items: byTime.items.slice(start, end), isExact: isObject(filter) && isRangeAlone(filter) };
}

function isFrom({ time, isInclusive }: Bound, createdAt: string): boolean {
  return isInclusive ? createdAt >= time : createdAt > time;
}

function isUpTo({ time, isInclusive }: Bound, createdAt: string): boolean {
  return isInclusive ? createdAt <= time : createdAt < time;
}

/** True for a filter on `created_at` alone, with one bound at either end. */
function isRangeAlone(filter: JsonObject): boolean {
  const { created_at: range, ...others } = filter;
  if (Object.keys(others).length > 0 || !isObject(range)) return false;
  const operators = Object.keys(range);
  const ends = [
    ["$gt", "$gte"],
    ["$lt", "$lte"],
  ].map((end) => operators.filter((one) => end.includes(one)).length);
  return (
    ends.every((count) => count <= 1) &&
    ends[0] !== undefined &&
    operators.length === ends[0] + (ends[1] ?? 0)
  );
}

function collect(container: Container, filter: Json | undefined, bounds: Bounds): void {
  if (!isObject(filter)) return;
  for (const [key, value] of Object.entries(filter)) {
    if (key === "$and" && isList(value)) for (const one of value) collect(container, one, bounds);
    if (key === (container.kind === "object" ? "record_id" : "entry_id")) collectIds(value, bounds);
    if (key === "created_at" && isObject(value)) collectTimes(value["value"] ?? value, bounds);
  }
}

function collectIds(value: Json, bounds: Bounds): void {
  const inner = isObject(value) ? (value["value"] ?? value) : value;
  const operator = isObject(inner) ? (inner["$in"] ?? inner["$eq"]) : inner;
  const ids = typeof operator === "string" ? [operator] : operator;
  if (ids !== undefined && isList(ids)) bounds.ids = ids.filter((id) => typeof id === "string");
}

function collectTimes(operators: Json, bounds: Bounds): void {
  if (!isObject(operators)) return;
  for (const [operator, raw] of Object.entries(operators)) {
    const time = typeof raw === "string" ? parseTime(raw) : undefined;
    if (time === undefined) continue;
    const bound = { time, isInclusive: operator !== "$gt" && operator !== "$lt" };
    const isLower = operator === "$gt" || operator === "$gte" || operator === "$eq";
    const isUpper = operator === "$lt" || operator === "$lte" || operator === "$eq";
    if (isLower && (bounds.from === undefined || time > bounds.from.time)) bounds.from = bound;
    if (isUpper && (bounds.to === undefined || time < bounds.to.time)) bounds.to = bound;
  }
}

function byIds(container: Container, ids: readonly string[]): readonly Item[] {
  return [...new Set(ids)].flatMap((id) => container.items.get(id) ?? []);
}
