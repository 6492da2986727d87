/**
 * Whether a rejection is that of the query by which postgres.js asks each new connection for the server's array types
 * (3.4, `fetchArrayTypes`). Nobody is given its promise, so a connection lost at that very moment would end the process;
 * the statement that the connection was opened for fails by itself, or is sent over another one.
 */
export function isLostTypeQuery(reason: unknown): boolean {
  if (!(reason instanceof Error)) return false;
  const { query } = reason as { query?: unknown };
  return typeof query === "string" && query.includes("typcategory = 'A'");
}

let isSurviving = false;

/** Keeps the process alive through such rejections; any other one ends it, as it should. */
export function surviveLostTypeQueries(): void {
  if (isSurviving) return;
  isSurviving = true;
  process.on("unhandledRejection", (reason) => {
    if (!isLostTypeQuery(reason)) throw reason;
  });
}
