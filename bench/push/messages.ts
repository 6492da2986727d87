/** What the sandbox's process is asked for. */
export type SandboxRequest =
  /** Answers `Traffic`, and notes anew. */
  | { do: "traffic" }
  /** Answers `number[]`: when the writes of a record arrived that were noted so far. */
  | { do: "writesOf"; id: string }
  /** Holds each answer back for so long; answers `{}`. */
  | { do: "answerAfter"; ms: number }
  /** Forgets all webhooks; answers `{}`. */
  | { do: "reset" };

/** A request for one record that reached the sandbox. */
export interface RecordRequest {
  id: string;
  kind: "read" | "write";
  /** Milliseconds since the epoch. */
  atMs: number;
}

/** What reached the sandbox since it was asked last. */
export interface Traffic {
  /** In the order of their arrival; without those that were answered 429. */
  requests: RecordRequest[];
  /** Requests of any kind that were answered 429. */
  refused: number;
}
