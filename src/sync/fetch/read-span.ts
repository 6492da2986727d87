import {
  AttioMergeInProgressError,
  AttioNotFoundError,
  AttioValidationError,
  type RequestOptions,
  type Sort,
} from "../../attio/index.ts";
import { PlanChangedError } from "../apply/target.ts";
import type { ApplyTarget } from "../apply/target.ts";
import { IncompleteListingError } from "./incomplete-listing.ts";
import type { FetchedItem, FetchedPage, RecordSource } from "./record-source.ts";
import type { Ticketed } from "./ticketed.ts";
import { closeStep, windowFilter } from "./window.ts";
import type { WindowCursor } from "./window.ts";

/** Attio's own default and the most that is known to be accepted (docs: "Pagination"). */
export const PAGE_SIZE = 500;

/** So many passes in a row that show no new row end the reading of ties without an order. */
const IDLE_PASSES = 5;

/** How often a page is asked for that ends a window although another look finds rows behind it. */
const MOST_DISPUTES = 6;

const CREATION_ORDER = [{ attribute: "created_at", direction: "asc" }] as const;
const NEWEST_FIRST = [{ attribute: "created_at", direction: "desc" }] as const;

/** All rows that were created in one span of time, from the cursor to `to`. */
export interface Span {
  target: ApplyTarget;
  items: readonly FetchedItem[];
  begin: number;
  requests: number;
  /** Where the next span starts; null for the open end. */
  to: number | null;
  /** A row that was created at `to`, where one is known. */
  seen?: string | undefined;
  /** Nothing lies behind it in this window. */
  done: boolean;
}

/**
 * Reads the next rows of a window: mostly one page, or the whole of a millisecond that holds more rows than a page. The
 * end of a window is believed only after another look at it: a listing that is cut short would pass for a short one.
 *
 * @throws {PlanChangedError} when the schema moved on between two pages that belong together
 * @throws {IncompleteListingError} when the listing goes on ending before rows that exist
 */
export async function readSpan(
  source: RecordSource,
  cursor: WindowCursor,
  options: RequestOptions,
): Promise<Span> {
  let requests = 0;
  for (let disputes = 0; disputes < MOST_DISPUTES; disputes++) {
    const { closes, ...span } = await readOnce(source, cursor, options);
    requests += span.requests;
    if (closes === undefined) return { ...span, requests };
    const check = await hasMore(source, closes, span.items.length, options);
    requests += check.requests;
    if (!check.hasMore) return { ...span, requests };
  }
  throw new IncompleteListingError(`at ${new Date(cursor.at).toISOString()}`);
}

/** A span with what it claims to be the whole of: the rest of its window, or a millisecond; undefined for a page. */
interface Claim extends Span {
  closes: WindowCursor | undefined;
}

async function readOnce(source: RecordSource, cursor: WindowCursor, options: RequestOptions): Promise<Claim> {
  const page = await source.query(
    { filter: windowFilter(cursor), sorts: CREATION_ORDER, limit: PAGE_SIZE },
    options,
  );
  const { value, begin, requests } = page;
  const times = value.items.map((item) => item.createdAtMs);
  const step = closeStep(cursor, times, source.sawPage(times.length));
  if (step.kind === "bucket") return readBucket(source, cursor, page, options);

  // Rows of the last millisecond are left to the next page, which starts with it and counts them.
  const { to } = step;
  const items = value.items.filter((item) => to === null || item.createdAtMs < to);
  const span = { target: value.target, items, begin, requests, to };
  return step.kind === "end"
    ? { ...span, done: true, closes: cursor }
    : { ...span, done: false, seen: value.items.at(-1)?.id, closes: undefined };
}

/**
 * Whether a window holds more than was shown of it, by a look from its other side. A page that showed
 * nothing is not believed either while Attio still has the row that the window is read up to.
 */
async function hasMore(
  source: RecordSource,
  cursor: WindowCursor,
  shown: number,
  options: RequestOptions,
): Promise<{ hasMore: boolean; requests: number }> {
  // From the last but one of what was shown, seen from the other end: one row more means that there are more.
  const offset = Math.max(0, shown - 1);
  const page = await source.query(
    { filter: windowFilter(cursor), sorts: NEWEST_FIRST, limit: 2, offset },
    options,
  );
  const { requests } = page;
  if (page.value.items.length > Math.min(1, shown)) return { hasMore: true, requests };
  if (shown > 0 || cursor.seen === undefined) return { hasMore: false, requests };
  return { hasMore: await exists(source, cursor.seen, options), requests: requests + 1 };
}

async function exists(source: RecordSource, id: string, options: RequestOptions): Promise<boolean> {
  try {
    await source.fetchOne(id, options);
    return true;
  } catch (error) {
    if (error instanceof AttioNotFoundError || error instanceof AttioMergeInProgressError) return false;
    throw error;
  }
}

/** What a pass over one millisecond showed, by id. */
interface Pass {
  items: ReadonlyMap<string, FetchedItem>;
  begin: number;
  requests: number;
}

/** Reads a millisecond that holds more rows than a page: by offset, which is safe only as a whole. */
async function readBucket(
  source: RecordSource,
  { at, hi }: WindowCursor,
  first: Ticketed<FetchedPage>,
  options: RequestOptions,
): Promise<Claim> {
  const { items, begin, requests } = await readStable(source, at, first, options);
  return {
    target: first.value.target,
    items: [...items.values()],
    begin,
    requests: first.requests + requests,
    to: at + 1,
    done: hi !== null && at + 1 >= hi,
    closes: { at, hi: at + 1 },
  };
}

/**
 * Passes in the order of ids, repeated until two in a row show the same (design rule 20). One pass that shows nothing
 * new would not do: a deletion during it moves a row to a place that was read already.
 */
async function readStable(
  source: RecordSource,
  at: number,
  first: Ticketed<FetchedPage>,
  options: RequestOptions,
): Promise<Pass> {
  const { target } = first.value;
  const sorts = [...CREATION_ORDER, { attribute: source.idAttribute, direction: "asc" }] as const;
  let before: Pass | undefined;
  let requests = 0;
  for (;;) {
    let pass: Pass;
    try {
      pass = await readPass(source, { at, target, sorts }, options);
    } catch (error) {
      // That an order by id is accepted is nowhere documented.
      if (error instanceof AttioValidationError) return readUnordered(source, at, first, options);
      throw error;
    }
    requests += pass.requests;
    if (before !== undefined && sameKeys(before.items, pass.items)) return { ...pass, requests };
    before = pass;
  }
}

/** Passes over ties whose order nobody promises: what any of them shows counts, until several show nothing new. */
async function readUnordered(
  source: RecordSource,
  at: number,
  first: Ticketed<FetchedPage>,
  options: RequestOptions,
): Promise<Pass> {
  const { target, items: shown } = first.value;
  const items = new Map(shown.map((item) => [item.id, item]));
  let requests = 0;
  for (let idle = 0; idle < IDLE_PASSES;) {
    const before = items.size;
    const pass = await readPass(source, { at, target, sorts: CREATION_ORDER }, options);
    requests += pass.requests;
    for (const [id, item] of pass.items) items.set(id, item);
    idle = items.size > before ? 0 : idle + 1;
  }
  // As old as the first page: a row that only that one showed may be gone since.
  return { items, begin: first.begin, requests };
}

/** All rows of one millisecond; as old as the first of its pages. */
async function readPass(
  source: RecordSource,
  { at, target, sorts }: { at: number; target: ApplyTarget; sorts: readonly Sort[] },
  options: RequestOptions,
): Promise<Pass> {
  const filter = windowFilter({ at, hi: at + 1 });
  const items = new Map<string, FetchedItem>();
  let begin: number | undefined;
  let requests = 0;
  for (let offset = 0; ;) {
    const page = await source.query({ filter, sorts, limit: PAGE_SIZE, offset }, options);
    requests += page.requests;
    begin ??= page.begin;
    // Rows of one apply are mapped by one plan, or a title that was renamed in between would stay as it was.
    if (page.value.target.version !== target.version) throw new PlanChangedError(target.stream);
    for (const item of page.value.items) items.set(item.id, item);
    if (page.value.items.length === 0) return { items, begin, requests };
    offset += page.value.items.length;
  }
}

function sameKeys(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean {
  return a.size === b.size && [...a.keys()].every((key) => b.has(key));
}
