import type { Filter } from "../../attio/index.ts";

/** A span of creation times that one worker walks in order. All times are whole milliseconds since the epoch. */
export interface WindowCursor {
  /** All that was created before it has been read. */
  at: number;
  /** Where the window ends, itself excluded; null for the last, which stays open. */
  hi: number | null;
  /** A row that was created at `at`, where one was seen: the listing shows it as long as it exists. */
  seen?: string | undefined;
}

export interface Window {
  part: number;
  cursor: WindowCursor;
  /** Creation of the first row that this process read in it; what the density is reckoned from. */
  startedAt: number | null;
  rows: number;
}

/** How many rows must be left in a window, by its density so far, for a second worker to be worth its requests. */
const WORTH_SPLITTING = 1500;

/** The filter of what a window still has to read. Bounds are whole milliseconds and half open (design rule 19). */
export function windowFilter({ at, hi }: WindowCursor): Filter {
  const bounds: Filter = { $gte: isoTime(at), ...(hi !== null && { $lt: isoTime(hi) }) };
  return { created_at: bounds };
}

/** Where a window splits so that two workers share what is left of it; undefined when that is not worth it. Pure. */
export function splitPoint(window: Window, newestMs: number): number | undefined {
  const { at, hi } = window.cursor;
  const end = Math.min(hi ?? Infinity, newestMs + 1);
  if (window.startedAt === null || at <= window.startedAt) return undefined;
  const density = window.rows / (at - window.startedAt);
  if (density * (end - at) < WORTH_SPLITTING) return undefined;
  const middle = at + Math.floor((end - at) / 2);
  return middle > at ? middle : undefined;
}

export interface Step {
  /** What the page closes: every row created in [from, to) is on it. */
  to: number | null;
  /** The page could not show the whole millisecond it starts in: that must be read by itself. */
  kind: "page" | "end" | "bucket";
}

/**
 * Says what a page of a window has closed. Pure. Rows come in the order of creation; those of the page's last
 * millisecond may go on behind it and belong to the next page.
 *
 * @param createdAt creation times on the page, in order
 * @param longest the longest page that this listing has ever given: a shorter one was not cut off by its limit
 */
export function closeStep(cursor: WindowCursor, createdAt: readonly number[], longest: number): Step {
  const last = createdAt.at(-1);
  if (last === undefined) return { kind: "end", to: cursor.hi };
  if (last > cursor.at) return { kind: "page", to: last };
  // Only rows of the cursor's own millisecond: nothing lies behind it, or the page was too short to show more.
  return createdAt.length < longest ? { kind: "end", to: cursor.hi } : { kind: "bucket", to: cursor.at + 1 };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
