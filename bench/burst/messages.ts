/** What the load generator is told, as JSON in its first argument. */
export interface LoadOrder {
  origin: string;
  generation: number;
  secret: string;
  webhookId: string;
}

/** What it is asked to do. */
export type LoadRequest =
  /** Delivers these events as soon as it can, each by a request. */
  | { do: "deliver"; events: readonly unknown[] }
  /** Makes events up and delivers them at this rate; whoever is late does not slow it down. */
  | { do: "make"; events: number; perSecond: number }
  /** Waits for the last answer and says `LoadResult`. */
  | { do: "finish" };

/** What came of the deliveries. */
export interface LoadResult {
  /** From the first that was due to the last answer. */
  seconds: number;
  lastAnswerAtMs: number;
  /** Milliseconds from when each was due to its answer. */
  latenciesMs: number[];
  /** How often each status was answered; 0 = no answer. */
  statuses: Record<number, number>;
}

/** What the sandbox's process is asked for. */
export type SandboxRequest =
  /** Edits records at this rate, and says `EditedBatch` for each few, then `EditsDone`. */
  | { do: "edit"; events: number; perSecond: number }
  /** Says `ReadCount`, and counts anew. */
  | { do: "count" };

/** Edits were made; these are their events. */
export interface EditedBatch {
  events: unknown[];
}

/** All edits were made; the values that the records have now, by id. */
export interface EditsDone {
  values: Record<string, number>;
}

/** Requests for records since the last count. */
export interface ReadCount {
  reads: number;
}

/** The attribute that is edited, and the column that it is mirrored to: a number. */
export const EDITED = "field_1";
