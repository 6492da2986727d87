import { randomBytes } from "node:crypto";
import type { Database } from "../../db/index.ts";
import { startEmbeddedPostgres } from "../../embedded/postgres.ts";
import { UsageError } from "../../errors.ts";
import type { Closers } from "../closers.ts";
import type { Context } from "../context.ts";
import { connect } from "../database.ts";

/** The demo's own database, removed when it ends. */
export interface DemoDatabase {
  db: Database;
  /** What to type to look around. The password is in it only where we made it up ourselves. */
  psql: string;
  version: string;
}

const INSUFFICIENT_PRIVILEGE = "42501";

/**
 * Makes a database for the demo on the server of DATABASE_URL or on the embedded one, so that no real mirror is touched.
 *
 * @throws UsageError where DATABASE_URL's user may not create databases.
 */
export async function createDemoDatabase({ config, log }: Context, closers: Closers): Promise<DemoDatabase> {
  const serverUrl = config.databaseUrl ?? (await startServer());
  const admin = await connect(serverUrl);
  closers.add(() => admin.close());
  const name = `attio_mirror_demo_${randomBytes(4).toString("hex")}`;
  await createDatabase(admin, name);
  closers.add(async () => {
    await admin.sql`DROP DATABASE IF EXISTS ${admin.sql(name)} WITH (FORCE)`;
  });
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const db = await connect(url.href);
  closers.add(() => db.close());
  const [row] = await db.sql<{ server_version: string }[]>`SHOW server_version`;
  if (config.databaseUrl !== null) url.password = "";
  return { db, psql: `psql '${url.href}'`, version: row?.server_version.split(" ")[0] ?? "" };

  async function startServer(): Promise<string> {
    const server = await startEmbeddedPostgres({ dataDir: config.dataDir, log });
    closers.add(() => server.close());
    return server.url;
  }
}

async function createDatabase(admin: Database, name: string): Promise<void> {
  try {
    await admin.sql`CREATE DATABASE ${admin.sql(name)} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`;
  } catch (cause) {
    const isRefused = cause instanceof Error && "code" in cause && cause.code === INSUFFICIENT_PRIVILEGE;
    if (!isRefused) throw cause;
    throw new UsageError(
      "demo: the user of DATABASE_URL may not create databases; unset DATABASE_URL to use the embedded one",
      {
        cause,
      },
    );
  }
}
