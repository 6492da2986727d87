/** Classes of SQLSTATE in which PostgreSQL speaks of connections, rights, names and resources, and never of a row's values. */
const CLASSES_WITHOUT_VALUES = new Set(
  ["08", "0A", "23", "25", "28", "2B", "34", "3B", "3D", "3F", "40", "42", "53", "54", "55", "57", "58"], // prettier-ignore
);

/** Where the sentence is a trigger's or a function's own: it may quote the row that it refuses. */
const RAISED_BY_USER = "exec_stmt_raise";

/**
 * What may be told of an error wherever it goes. Sentences that are known to quote what they were given (a value that PostgreSQL
 * cannot read, a user's trigger, the parameters of a query, text that is no JSON) are replaced by what kind of error it is.
 */
export function safeMessage(error: unknown): string {
  if (!(error instanceof Error)) return "something that is no error was thrown";
  if (isQueryError(error)) return `a query failed: ${safeMessage(error.cause)}`;
  if (isPostgresError(error) && !isWithoutValues(error))
    return `PostgreSQL raised ${error.code}; its words are left out, since they may quote values`;
  if (error instanceof SyntaxError && error.message.includes("JSON")) return "a text is not valid JSON";
  return error.message || error.name;
}

/** Drizzle's: its own message repeats the statement and its parameters. */
function isQueryError(error: Error): boolean {
  return error.name === "DrizzleQueryError" || error.constructor.name === "DrizzleQueryError";
}

interface PostgresFields {
  code: string;
  routine?: unknown;
}

/** Either driver's: what the server sends has a severity and an SQLSTATE. */
function isPostgresError(error: Error): error is Error & PostgresFields {
  return (
    "severity" in error &&
    "code" in error &&
    typeof error.code === "string" &&
    /^[\dA-Z]{5}$/.test(error.code)
  );
}

function isWithoutValues({ code, routine }: PostgresFields): boolean {
  return CLASSES_WITHOUT_VALUES.has(code.slice(0, 2)) && routine !== RAISED_BY_USER;
}
