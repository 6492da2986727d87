import { openDatabase, type Database } from "../db/index.ts";
import { startEmbeddedPostgres } from "../embedded/postgres.ts";
import { ConfigError, DatabaseUnreachableError } from "../errors.ts";
import type { Context } from "./context.ts";

/** The mirror's database, and how to leave it. */
export interface MirrorDatabase {
  db: Database;
  /** Closes the connections, and the embedded server where it was started for us. */
  close(): Promise<void>;
}

/** SQLSTATEs and system errors that the user mends in DATABASE_URL itself. */
const WRONG_URL: Readonly<Record<string, string>> = {
  "28P01": "holds a wrong password",
  "28000": "names a user that may not log in",
  "3D000": "names a database that does not exist",
  ENOTFOUND: "names a host that does not exist",
};

/**
 * Opens the database of DATABASE_URL, or starts the embedded one.
 *
 * @throws ConfigError where DATABASE_URL is wrong, DatabaseUnreachableError where nobody answers there.
 */
export async function openMirrorDatabase({ config, log }: Context): Promise<MirrorDatabase> {
  if (config.databaseUrl !== null) {
    const db = await connect(config.databaseUrl);
    return { db, close: () => db.close() };
  }
  const server = await startEmbeddedPostgres({ dataDir: config.dataDir, log });
  try {
    const db = await openDatabase(server.url);
    return {
      db,
      close: async () => {
        await db.close();
        await server.close();
      },
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** Opens a database by a URL of the user's, with errors that he can act on. */
export async function connect(url: string): Promise<Database> {
  try {
    return await openDatabase(url);
  } catch (cause) {
    const code = codeOf(cause);
    const mistake = WRONG_URL[code];
    if (mistake !== undefined) throw new ConfigError("DATABASE_URL", mistake, { cause });
    const { host } = new URL(url);
    throw new DatabaseUnreachableError(
      `cannot connect to the PostgreSQL at ${host} of DATABASE_URL (${code})`,
      { cause },
    );
  }
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && code !== "" ? code : "no answer";
}
