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
