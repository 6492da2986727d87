import { ConfigError, MirrorError, UsageError } from "../errors.ts";
import { safeMessage } from "../lib/safe-message.ts";
import { StopRequest } from "./io.ts";

export const EXIT_DONE = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** What is told of a failure: an exit code and one line for people. */
export interface Failure {
  exitCode: number;
  line: string;
  /** Whether the stack may help, since this is no mistake of the user and no known condition. */
  isUnexpected: boolean;
}

/** Codes of errors that the user mends on the command line or in the environment. */
const USAGE_CODES: ReadonlySet<string> = new Set([
  "STREAM_UNKNOWN",
  "WORKSPACE_CHANGED",
  "WORKSPACE_MISMATCH",
]);

/** Turns whatever a command threw into its exit code and one line. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof StopRequest) {
    return { exitCode: error.exitCode, line: error.message, isUnexpected: false };
  }
  if (error instanceof ConfigError || error instanceof UsageError) {
    return { exitCode: EXIT_USAGE, line: oneLine(error.message), isUnexpected: false };
  }
  if (error instanceof MirrorError) {
    const exitCode = USAGE_CODES.has(error.code) ? EXIT_USAGE : EXIT_FAILED;
    return { exitCode, line: oneLine(error.message), isUnexpected: false };
  }
  return { exitCode: EXIT_FAILED, line: oneLine(safeMessage(error)), isUnexpected: true };
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, " ");
}
