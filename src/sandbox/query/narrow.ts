import { isList, isObject, type Json } from "../support/json.ts";
import { parseTime } from "../support/time.ts";
import type { Container, Item } from "../store/model.ts";

/** What a filter's outermost conditions say about identity and creation, so that few items need to be looked at. */
interface Bounds {
  ids?: readonly string[];
  from?: string;
  to?: string;
}

/** Items in creation order that may match; a superset of those that do. */
export function candidates(container: Container, filter: Json | undefined): readonly Item[] {
  const bounds: Bounds = {};
  collect(container, filter, bounds);
  if (bounds.ids !== undefined) return byIds(container, bounds.ids);
  const { from, to } = bounds;
  const { byTime } = container;
  if (from === undefined && to === undefined) return byTime.items;
  const start = from === undefined ? 0 : byTime.lowerBound((item) => item.createdAt >= from);
  const end = to === undefined ? byTime.items.length : byTime.lowerBound((item) => item.createdAt > to);
  return byTime.items.slice(start, end);
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
    const isLower = operator === "$gt" || operator === "$gte" || operator === "$eq";
    const isUpper = operator === "$lt" || operator === "$lte" || operator === "$eq";
    if (isLower && (bounds.from === undefined || time > bounds.from)) bounds.from = time;
    if (isUpper && (bounds.to === undefined || time < bounds.to)) bounds.to = time;
  }
}

function byIds(container: Container, ids: readonly string[]): readonly Item[] {
  return [...new Set(ids)].flatMap((id) => container.items.get(id) ?? []);
}
