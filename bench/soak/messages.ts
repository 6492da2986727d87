/** What the sandbox's process is asked for. */
export type SandboxRequest =
  /** Lets colleagues work, so many operations a second; answers `{}`. */
  | { do: "work"; perSecond: number }
  /** Ends the work, waits for the last delivery and answers `Worked`. */
  | { do: "rest" };

/** What colleagues have done so far. */
export interface Worked {
  operations: number;
  /** Records, entries, notes, tasks and comments that there are. */
  things: number;
  /** Deliveries that were not answered 200 at their last attempt. */
  undelivered: number;
}
