import type { Json } from "../support/json.ts";
import { createRandom, type Random } from "../support/random.ts";
import type { Container, Item } from "../store/model.ts";
import type { State } from "../store/state.ts";
import { compileFilter } from "./filter.ts";
import { candidates } from "./narrow.ts";
import { comparator, compileSorts, type Sort } from "./sort.ts";

/** A query that was read. */
export interface Query {
  readonly filter: Json | undefined;
  readonly sorts: Json | undefined;
  readonly limit: number;
  readonly offset: number;
}

/** A page and what it cost. */
export interface QueryResult {
  readonly items: readonly Item[];
  readonly score: number;
}

/**
 * Runs a query. Ties come in an order that differs from one request to the next, which Attio leaves open and which
 * page walkers must survive; without `sorts` the order has nothing to do with creation.
 */
export function runQuery(
  state: State,
  container: Container,
  query: Query,
  requestNumber: number,
): QueryResult {
  const sorts = compileSorts(state, container, query.sorts);
  const filter = query.filter == null ? undefined : compileFilter(state, container, query.filter);
  const score = scoreOf(container.items.size, filter?.conditions ?? 0, sorts.length);
  const isVisible = (item: Item): boolean => !state.merging.has(item.id) && (filter?.matches(item) ?? true);
  const mustFilter = filter !== undefined || state.merging.size > 0;
  const { offset, limit } = query;
  if (sorts.length === 0 && filter === undefined) {
    const all = container.byTail.items;
    const items = (mustFilter ? all.filter(isVisible) : all).slice(offset, offset + limit);
    return { items, score };
  }
  const base = candidates(container, query.filter);
  const isDone = base.isExact && state.merging.size === 0;
  const matching = mustFilter && !isDone ? base.items.filter(isVisible) : base.items;
  const sorted = sorts.length === 0 ? byTail(matching) : sortItems(matching, sorts, query);
  const random = createRandom(requestNumber);
  return { items: page(sorted, sorts, query, random), score };
}

/** A simple model, as Attio publishes none: it grows with filters, sorts and the size of the object or list. */
function scoreOf(size: number, conditions: number, sorts: number): number {
  return Math.round((1 + 2 * conditions + 3 * sorts) * (1 + size / 10_000) * 10) / 10;
}

function sortItems(items: readonly Item[], sorts: readonly Sort[], query: Query): readonly Item[] {
  const [first, second, ...more] = sorts;
  const byIds = more.length === 0 && (second === undefined || second.virtual === "id");
  const isUniform = second === undefined || second.descending === first?.descending;
  // Candidates of a filter on ids come in the order asked for.
  const inOrder = first?.virtual === "created_at" && byIds && isUniform && !mentionsIds(query.filter);
  if (!inOrder) return [...items].sort(comparator(sorts));
  return first.descending ? items.toReversed() : items;
}

function mentionsIds(filter: Json | undefined): boolean {
  return filter != null && /"(record|entry)_id"/.test(JSON.stringify(filter));
}

function byTail(items: readonly Item[]): readonly Item[] {
  return [...items].sort((a, b) => (a.id.slice(-12) < b.id.slice(-12) ? -1 : 1));
}

/** Cuts the window out, shuffling each run of ties that reaches into it. */
function page(
  sorted: readonly Item[],
  sorts: readonly Sort[],
  query: Query,
  random: Random,
): readonly Item[] {
  const end = Math.min(query.offset + query.limit, sorted.length);
  if (sorts.length === 0 || query.offset >= end) return sorted.slice(query.offset, end);
  const compare = comparator(sorts);
  const ties = (index: number): boolean => {
    const [left, right] = [sorted[index - 1], sorted[index]];
    return left !== undefined && right !== undefined && compare(left, right) === 0;
  };
  let from = query.offset;
  while (ties(from)) from--;
  let to = end;
  while (ties(to)) to++;
  return shuffleTies(sorted.slice(from, to), compare, random).slice(query.offset - from, end - from);
}

function shuffleTies(items: readonly Item[], compare: (a: Item, b: Item) => number, random: Random): Item[] {
  const result: Item[] = [];
  let run: Item[] = [];
  for (const item of items) {
    const [head] = run;
    if (head !== undefined && compare(head, item) !== 0) {
      result.push(...random.shuffle(run));
      run = [];
    }
    run.push(item);
  }
  return [...result, ...random.shuffle(run)];
}
