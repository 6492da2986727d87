import postgres from "postgres";

/** Databases that copies are made of begin so; the run's end removes them. */
export function templatePrefix(runId: string): string {
  return `mirror_template_${runId}_`;
}

/** Removes a run's templates. */
export async function dropTemplates(adminUrl: string, runId: string): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => undefined });
  try {
    const names = await sql<{ name: string }[]>`
      SELECT datname AS name FROM pg_database WHERE starts_with(datname, ${templatePrefix(runId)})`;
    for (const { name } of names) await sql`DROP DATABASE IF EXISTS ${sql(name)} WITH (FORCE)`;
  } finally {
    await sql.end();
  }
}
