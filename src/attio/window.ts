/** Window of a listing paged by offset. */
export interface OffsetWindow {
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

/** Whether archived things are listed too; default false. */
export interface Archived {
  readonly showArchived?: boolean | undefined;
}

/** Window of a listing paged by cursor. */
export interface CursorWindow {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}
