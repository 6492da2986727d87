/** Nothing can be done about the lane now. */
export class LaterError extends Error {
  readonly delay: number;

  constructor(delay: number) {
    super("later");
    this.delay = delay;
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
