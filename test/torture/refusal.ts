/** Whether PostgreSQL refused a statement since a row of that id is there already. */
export function isUniqueViolation(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === "23505";
}

/**
 * What an application must be ready for: an outage, a column that was renamed a moment ago, and what the mirror refuses
 * by name (a row that was deleted a moment ago and is kept, an archived attribute).
 */
export function isExpected(code: string): boolean {
  return ["outage", "42703", "42501", "P0001"].includes(code);
}
