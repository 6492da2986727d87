/** Whether PostgreSQL refused a statement since a row of that id is there already. */
export function isUniqueViolation(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === "23505";
}
