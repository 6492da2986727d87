import { createHash } from "node:crypto";
import postgres from "postgres";
import { inject } from "vitest";
import { copyTestDatabase, createTestDatabase, type TestDatabase } from "./database.ts";
import { templatePrefix } from "./templates.ts";

/**
 * Makes a database that holds what `fill` puts into one. It is called once a run for all with the same key; the others get
 * copies, since equal seeds give equal workspaces, ids included.
 */
export async function filledDatabase(
  key: object,
  fill: (url: string) => Promise<void>,
): Promise<TestDatabase> {
  const hash = createHash("sha256").update(JSON.stringify(key)).digest("hex").slice(0, 12);
  const name = `${templatePrefix(inject("runId"))}${hash}`;
  const url = new URL(inject("adminUrl"));
  url.pathname = `/${name}`;
  const admin = postgres(inject("adminUrl"), { max: 1, onnotice: () => undefined });
  try {
    // Another file may be at it; it is there under its name only when it is whole.
    await admin`SELECT pg_advisory_lock(hashtext(${name}))`;
    const there = await admin`SELECT FROM pg_database WHERE datname = ${name}`;
    if (there.length === 0) {
      const made = await createTestDatabase();
      await fill(made.url);
      await admin.unsafe(`ALTER DATABASE ${new URL(made.url).pathname.slice(1)} RENAME TO ${name}`);
    }
    return await copyTestDatabase({ url: url.href });
  } finally {
    await admin.end();
  }
}
