/** Window of a listing paged by offset. */
export interface OffsetWindow {
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

/** Window of a listing paged by cursor. */
export interface CursorWindow {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}
