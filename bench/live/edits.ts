/** The attribute that is edited, and the column that it is mirrored to: a number. */
export const EDITED = "field_1";

/** Attio sends that many deliveries a second to one target (docs.attio.com, "Webhooks"). */
export const PER_SECOND = 25;

/** Above what the workspace was seeded with, so that an edit is told from it. */
const FIRST_VALUE = 2_000_000;

/** The value that an edit of this number writes. */
export function valueOf(edit: number): number {
  return FIRST_VALUE + edit;
}

/** What the sandbox's process is asked for. */
export type SandboxRequest =
  /** The ids of the records that are edited, in turn; answers `string[]`. */
  | { do: "list" }
  /** Starts to edit, from this number on; answers nothing. */
  | { do: "edit"; from: number }
  /** Stops, waits for the last delivery and answers `SentEdit[]`. */
  | { do: "stop" }
  /** Lets nobody read comments and files any more; answers `{}`. */
  | { do: "forbidCrawl" }
  /** Forgets all webhooks and forbids nothing; answers `{}`. */
  | { do: "reset" };

/** An edit whose webhook was delivered. */
export interface SentEdit {
  edit: number;
  /** When the delivery was sent, in milliseconds since the epoch. */
  sentAtMs: number;
}
