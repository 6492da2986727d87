import { pino, type DestinationStream, type Level, type Logger } from "pino";

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
const ERROR_FIELDS = ["code", "status", "stream", "syscall", "severity", "constraint"] as const;

/** An error as it is written: nothing of it that may hold a secret or a customer's values. */
function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  // Drizzle's own message repeats the values of the query.
  if (error.name === "DrizzleQueryError" || error.constructor.name === "DrizzleQueryError")
    return serializeError(error.cause);
  const { type, message, stack } = pino.stdSerializers.err(error);
  const fields = ERROR_FIELDS.map((field) => [field, (error as { [name in typeof field]?: unknown })[field]]);
  const plain = fields.filter(([, value]) => typeof value === "string" || typeof value === "number");
  return { type, message, ...(Object.fromEntries(plain) as Record<string, unknown>), stack };
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
