import { randomBytes } from "node:crypto";
import postgres from "postgres";
import { inject } from "vitest";

/** A database that belongs to one test file. */
export interface TestDatabase {
  url: string;
  /** Removes it, even while connections are open. */
  drop(): Promise<void>;
}

/** Makes an empty database on the run's server. Call `drop` in `afterAll`. */
export async function createTestDatabase(): Promise<TestDatabase> {
  // A server's own template may be in any encoding and locale; tests need the same everywhere.
  return makeDatabase(
    (name) => `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`,
  );
}

/** Makes a copy of a database that nobody is connected to. */
export async function copyTestDatabase({ url }: Pick<TestDatabase, "url">): Promise<TestDatabase> {
  return makeDatabase((name) => `CREATE DATABASE ${name} TEMPLATE ${new URL(url).pathname.slice(1)}`);
}

async function makeDatabase(statement: (name: string) => string): Promise<TestDatabase> {
  const adminUrl = inject("adminUrl");
  const name = `mirror_test_${randomBytes(6).toString("hex")}`;
  await runAsAdmin(adminUrl, statement(name));
  return {
    url: withDatabase(adminUrl, name),
    drop: () => runAsAdmin(adminUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

async function runAsAdmin(adminUrl: string, statement: string): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => undefined });
  try {
    await sql.unsafe(statement);
  } finally {
    await sql.end();
  }
}

/** The same server, user and options, another database. */
function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
