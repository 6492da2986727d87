export interface OverlapInput {
  offset: number;
  /** Rows on the page. */
  shown: number;
  /** Those among them that an earlier page has shown. */
  known: number;
  /** The longest page that the listing has given so far. */
  longest: number;
  /** Where the last empty page started, if there was one. */
  emptyAt?: number | undefined;
}

/**
 * Says whether a page follows on what was read before. Pure. One that does not may lie behind rows that nobody has
 * read: were its rows to count as known, the way back to those would seem to be found too early. Pages of one row
 * cannot overlap and are taken as they come.
 */
export function isConnected({ offset, known, longest }: OverlapInput): boolean {
  return offset === 0 || known > 0 || longest < 2;
}

/**
 * Says where to read on in a listing that can only be paged by offset. Pure. Half a page is read again, since a
 * deletion meanwhile moves rows to the left; where nothing known reappears, more were moved than the overlap holds, and
 * the reading goes back until something does (design rule 21). The end is where a page of known rows is
 * shorter than others, or reaches to where a page was empty: a listing may be just as long as its longest page.
 *
 * @returns the next offset, or "end"
 */
export function overlapStep(input: OverlapInput): number | "end" {
  const { offset, shown, known, longest, emptyAt } = input;
  const overlap = Math.max(1, Math.floor(longest / 2));
  if (!isConnected(input)) return Math.max(0, offset - overlap);
  if (shown === 0) return "end";
  const reachesEnd = shown < longest || (emptyAt !== undefined && offset + shown >= emptyAt);
  if (known === shown && reachesEnd) return "end";
  return offset + Math.max(1, shown - overlap);
}
