export interface OverlapInput {
  offset: number;
  /** Rows on the page. */
  shown: number;
  /** Those among them that an earlier page has shown. */
  known: number;
  /** The longest page that the listing has given so far. */
  longest: number;
}

/**
 * Says where to read on in a listing that can only be paged by offset. Pure. Half a page is read again, since a
 * deletion meanwhile moves rows to the left; where nothing known reappears, more were moved than the overlap holds, and
 * the reading goes back until something does (design rule 21).
 *
 * @returns the next offset, or "end"
 */
export function overlapStep({ offset, shown, known, longest }: OverlapInput): number | "end" {
  const overlap = Math.max(1, Math.floor(longest / 2));
  if (offset > 0 && known === 0) return Math.max(0, offset - overlap);
  if (shown === 0) return "end";
  if (known === shown && shown < longest) return "end";
  return offset + Math.max(1, shown - overlap);
}
