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
 * Says where to read on in a listing that can only be paged by offset. Pure. Half a page is read again, since a
 * deletion meanwhile moves rows to the left; where nothing known reappears, more were moved than the overlap holds, and
 * the reading goes back until something does (design rule 21). The end is where a page of known rows is
 * shorter than others, or reaches to where a page was empty: a listing may be just as long as its longest page.
 *
 * @returns the next offset, or "end"
 */
export function overlapStep({ offset, shown, known, longest, emptyAt }: OverlapInput): number | "end" {
  const overlap = Math.max(1, Math.floor(longest / 2));
  if (offset > 0 && known === 0) return Math.max(0, offset - overlap);
  if (shown === 0) return "end";
  const reachesEnd = shown < longest || (emptyAt !== undefined && offset + shown >= emptyAt);
  if (known === shown && reachesEnd) return "end";
  return offset + Math.max(1, shown - overlap);
}
