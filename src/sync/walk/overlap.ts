export interface OverlapInput {
  offset: number;
  /** Rows on the page. */
  shown: number;
  /** Those among them that an earlier page has shown. */
  known: number;
  /** The longest page that the listing has given so far. */
  longest: number;
  /** Where the last empty page before this one started, if there was one. */
  emptyAt?: number | undefined;
  /** What `countIdle` makes of this page and those before it. */
  idle: number;
}

/** Looks at an end that moves, after which it is believed all the same. */
const MOST_IDLE = 6;

/**
 * Says whether a page follows on what was read before. Pure. One that does not may lie behind rows that nobody has
 * read: were its rows to count as known, the way back to those would seem to be found too early. Pages of one row
 * cannot overlap and are taken as they come.
 */
export function isConnected({ offset, known, longest }: Omit<OverlapInput, "idle">): boolean {
  return offset === 0 || known > 0 || longest < 2;
}

/**
 * Says where to read on in a listing that can only be paged by offset. Pure. Half a page is read again, since a
 * deletion meanwhile moves rows to the left; where nothing known reappears, more were moved than the overlap holds, and
 * the reading goes back until something does (design rule 21). A short page may have been cut short, so what lies
 * behind it is looked at; the end is where a page of known rows reaches to where a page was empty.
 *
 * @returns the next offset, or "end"
 */
export function overlapStep(input: OverlapInput): number | "end" {
  const { offset, shown, known, longest, emptyAt, idle } = input;
  const overlap = Math.max(1, Math.floor(longest / 2));
  if (!isConnected(input)) return Math.max(0, offset - overlap);
  const isShort = shown < longest;
  if (known === shown) {
    if (emptyAt === offset + shown || idle >= MOST_IDLE) return "end";
    return offset + shown;
  }
  return isShort ? offset + shown : offset + Math.max(1, shown - overlap);
}

/** How many pages in a row have shown known rows alone, near the end: while rows are added at the beginning, the end moves. */
export function countIdle(idle: number, { shown, known, longest }: Omit<OverlapInput, "idle">): number {
  if (known < shown) return 0;
  return shown > 0 && shown < longest ? idle + 1 : idle;
}
