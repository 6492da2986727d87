/** Why a delivery was not stored. */
export type Refusal =
  /** Not signed, or not by one of our secrets: 401. */
  | "signature"
  /** Not `{webhook_id, events}`: 400. */
  | "malformed"
  /** Larger than the limit: 413. */
  | "oversized"
  /** PostgreSQL does not take these very bytes: 400. */
  | "unstorable"
  /** PostgreSQL does not answer: 503, so that Attio sends it again. */
  | "unavailable";

/** What the receiver has done since it started. A request that its sender broke off is received and nothing else. */
export interface ReceiverStats {
  received: number;
  stored: number;
  /** Answered like a stored one, since it was stored before. */
  duplicate: number;
  refused: Record<Refusal, number>;
  /** INSERT statements that went well. */
  inserts: number;
}

/** Counters at zero. */
export function createReceiverStats(): ReceiverStats {
  return {
    received: 0,
    stored: 0,
    duplicate: 0,
    refused: { signature: 0, malformed: 0, oversized: 0, unstorable: 0, unavailable: 0 },
    inserts: 0,
  };
}
