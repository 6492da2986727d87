import postgres from "postgres";

const LOCK_NOT_AVAILABLE = "55P03";

/** SQLSTATEs that a transaction may simply be run again after. */
const RETRYABLE = new Set(["40001", "40P01", LOCK_NOT_AVAILABLE]);

/** Classes of SQLSTATE that blame the data sent: data exception, integrity violation, limit exceeded. */
const DATA_CLASSES = new Set(["22", "23", "54"]);

/** The SQLSTATE of an error that PostgreSQL raised, looking through wrappers; undefined for any other error. */
export function sqlState(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof postgres.PostgresError) return cause.code;
  }
  return undefined;
}

/** Whether the transaction lost a race (deadlock, serialization, lock timeout) and may be run again as it was. */
export function isRetryable(error: unknown): boolean {
  return RETRYABLE.has(sqlState(error) ?? "");
}

/** Whether a unique index has the value already. */
export function isUniqueViolation(error: unknown): boolean {
  return sqlState(error) === "23505";
}

/** Whether a lock was not to be had within `lock_timeout`. */
export function isLockTimeout(error: unknown): boolean {
  return sqlState(error) === LOCK_NOT_AVAILABLE;
}

/** Whether a limit of PostgreSQL stands in the way, such as that of columns in a table. */
export function isLimitExceeded(error: unknown): boolean {
  return sqlState(error)?.startsWith("54") === true;
}

/** Whether PostgreSQL refused the values themselves, so that sending them again is pointless. */
export function isDataRefusal(error: unknown): boolean {
  return DATA_CLASSES.has((sqlState(error) ?? "").slice(0, 2));
}
