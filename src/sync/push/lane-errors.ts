/** Nothing can be done about the row's changes now. */
export class LaterError extends Error {
  /** Seconds until they are due again. */
  readonly delay: number;
  /** What they wait for, where a person may have to do something about it. */
  readonly reason: { code: string; message: string } | undefined;

  constructor(delay: number, reason?: { code: string; message: string }) {
    super("later");
    this.delay = delay;
    this.reason = reason;
  }
}

/** Longest pause before a row asks again whether it can go on. */
const MAX_PAUSE_SECONDS = 5;

/** Seconds until a row that waits for another one asks again: soon at first, and ever more slowly. Pure. */
export function pauseFor(ageMs: number, { least }: { least: number }): number {
  return Math.min(MAX_PAUSE_SECONDS, Math.max(least, ageMs / 4_000));
}

/** Nothing will come of the lane, for a reason of our own. */
export class LaneFailedError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Somebody else took the changes over, because this process was thought to be gone. */
export class ClaimLostError extends Error {
  constructor() {
    super("the changes were taken over by another process");
    this.name = "ClaimLostError";
  }
}
