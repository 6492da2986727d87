import { pino, type DestinationStream, type Level, type Logger } from "pino";
import { safeMessage } from "./lib/safe-message.ts";

/** What parts of the program need of a logger: facts first, then a constant sentence. */
export type Log = Pick<Logger, "trace" | "debug" | "info" | "warn" | "error">;

export type LogLevel = Level | "silent";

/** Fields that hold secrets wherever they turn up; values are replaced before a line is written. */
const SECRET_FIELDS = [
  "token",
  "apiKey",
  "password",
  "secret",
  "authorization",
  "Authorization",
  "ATTIO_API_KEY",
  "DATABASE_URL",
  "databaseUrl",
];

const REDACTED_PATHS = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);

/** What of an error is written besides its type, message and stack. Drivers hang whole clients and rows on theirs. */
const ERROR_FIELDS = [
  "code",
  "status",
  "stream",
  "syscall",
  "severity",
  "constraint",
  "constraint_name",
  "table_name",
  "column_name",
  "routine",
] as const;

/** Errors behind an error, the outermost first; a longer chain is cut. */
const MOST_CAUSES = 8;

/** An error as another process has written it. */
export class WrittenError {
  readonly fields: unknown;

  constructor(fields: unknown) {
    this.fields = fields;
  }
}

/** An error as it is written: nothing of it, nor of what caused it, that may hold a secret or a customer's values. */
function serializeError(error: unknown): unknown {
  if (error instanceof WrittenError) return error.fields;
  if (!(error instanceof Error)) return { type: typeof error, message: safeMessage(error) };
  const errors = causesOf(error);
  const fields = errors.flatMap((one) =>
    ERROR_FIELDS.map((field) => [field, (one as { [name in typeof field]?: unknown })[field]] as const),
  );
  const plain = fields.filter(([, value]) => typeof value === "string" || typeof value === "number");
  return {
    type: error.constructor.name,
    message: [...new Set(errors.map(safeMessage))].join(": "),
    // What an error says itself comes after what its cause says.
    ...(Object.fromEntries(plain.toReversed()) as Record<string, unknown>),
    stack: errors.map(safeStack).join("\ncaused by: "),
  };
}

function causesOf(error: Error): Error[] {
  const errors: Error[] = [];
  let next: unknown = error;
  while (next instanceof Error && errors.length < MOST_CAUSES) {
    errors.push(next);
    next = next.cause;
  }
  return errors;
}

/** A stack begins with the message as it was, which gives way to the safe one. */
function safeStack(error: Error): string {
  const { name, message, stack = "" } = error;
  const frames = stack
    .slice(stack.indexOf(message) + message.length)
    .split("\n")
    .filter((line) => /^\s+at /.test(line));
  return [`${name}: ${safeMessage(error)}`, ...frames].join("\n");
}

/**
 * Makes the program's logger: JSON lines, by default on stderr, since stdout belongs to the data that commands print.
 *
 * @param level the least severe level that is written.
 * @param destination where lines go.
 */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      redact: { paths: REDACTED_PATHS, censor: "[redacted]" },
      serializers: { err: serializeError },
    },
    destination ?? pino.destination({ fd: 2, sync: true }),
  );
}

/** A logger that writes nothing, for callers that were given none. */
export const silentLog: Log = pino({ level: "silent" });

/** Writes what ends the process to stderr; Node itself would print everything that hangs on the error. */
export function logCrash(error: unknown): void {
  createLogger("fatal").fatal({ err: error }, "attio-mirror crashed");
}
