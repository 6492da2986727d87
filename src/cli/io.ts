/** A stream that text is written to; it may be a terminal. */
export type Output = NodeJS.WritableStream & { isTTY?: boolean | undefined };

/** What a command has of the outside world. */
export interface Io {
  /** The data that a command prints, nothing else. */
  stdout: Output;
  /** Progress, logs and the one line that says why a command failed. */
  stderr: Output;
  stdin: { isTTY?: boolean | undefined };
  /** Resolves when the user presses Enter (or ends the input). */
  waitForEnter(signal: AbortSignal): Promise<void>;
  /** Aborted with a `StopRequest` when the process is asked to stop. */
  signal: AbortSignal;
}

/** Why `Io.signal` is aborted. */
export class StopRequest extends Error {
  readonly exitCode: number;

  constructor(signalName: "SIGINT" | "SIGTERM") {
    super(`stopped by ${signalName}`);
    this.name = "StopRequest";
    // The shell's convention: 128 plus the signal's number.
    this.exitCode = signalName === "SIGINT" ? 130 : 143;
  }
}

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;
