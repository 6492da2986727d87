import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { migrate as runMigrations } from "drizzle-orm/postgres-js/migrator";
import { MirrorError } from "../errors.ts";
import { safeMessage } from "../lib/safe-message.ts";
import type { Database } from "./client.ts";
import { lockExclusive } from "./locks.ts";

const MIGRATIONS_FOLDER = fileURLToPath(new URL("../../drizzle", import.meta.url));
const MIGRATIONS_SCHEMA = "attio_sync";
const MIGRATIONS_TABLE = "migrations";

/** A migration failed; the database is as it was before that migration. */
export class MigrationError extends MirrorError {
  constructor(message: string, options?: ErrorOptions) {
    super("MIGRATION_FAILED", message, options);
  }
}

/** How many migrations a database has, and how many this version of the program knows, e.g. `{ applied: 9, known: 12 }`. */
export interface SchemaVersion {
  applied: number;
  known: number;
}

/** The database was migrated by a newer version of this program, which an older one would damage. */
export class DatabaseNewerError extends MirrorError {
  constructor({ applied, known }: SchemaVersion) {
    super(
      "DATABASE_NEWER",
      `The database was migrated by a newer version of attio-mirror: it is at schema ${applied}, and this version knows ${known}; ` +
        "install that version or a later one.",
    );
  }
}

/** The database was migrated by an older version, and has not been migrated since. */
export class DatabaseOlderError extends MirrorError {
  constructor({ applied, known }: SchemaVersion) {
    super(
      "DATABASE_OLDER",
      `The database was migrated by an older version of attio-mirror: it is at schema ${applied}, and this version needs ${known}; ` +
        "run attio-mirror migrate.",
    );
  }
}

interface Journal {
  entries: { when: number }[];
}

/**
 * Brings the control schema and the fixed tables up to this version. Safe to call from several processes at once:
 * the second waits for the first and finds nothing to do.
 *
 * @throws {DatabaseNewerError} when the database holds migrations that this version does not know
 * @throws {MigrationError} when a migration fails
 */
export async function migrate(db: Database): Promise<void> {
  await db.sql.begin(async (tx) => {
    await lockExclusive(tx, "migrate");
    const state = await readMigrations(db);
    if (state.newestApplied > state.newestKnown) throw new DatabaseNewerError(state);
    if (state.newestApplied === state.newestKnown) return;
    try {
      await runMigrations(db.orm, {
        migrationsFolder: MIGRATIONS_FOLDER,
        migrationsSchema: MIGRATIONS_SCHEMA,
        migrationsTable: MIGRATIONS_TABLE,
      });
    } catch (error) {
      const detail = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw new MigrationError(`A migration failed: ${safeMessage(detail)}`, { cause: error });
    }
  });
}

/** Whether every migration of this version has been applied. */
export async function isMigrated(db: Database): Promise<boolean> {
  const { newestApplied, newestKnown } = await readMigrations(db);
  return newestApplied === newestKnown;
}

/**
 * Whether there is a mirror of this version in a database: false where none was ever begun.
 *
 * @throws {DatabaseOlderError} {@link DatabaseNewerError} for one of another version
 */
export async function hasMirror(db: Database): Promise<boolean> {
  const state = await readMigrations(db);
  if (state.applied === 0) return false;
  if (state.newestApplied > state.newestKnown) throw new DatabaseNewerError(state);
  if (state.newestApplied < state.newestKnown) throw new DatabaseOlderError(state);
  return true;
}

interface Migrations extends SchemaVersion {
  /** When the last one was written, in milliseconds since the epoch: what tells newer from older; 0 for none. */
  newestApplied: number;
  newestKnown: number;
}

async function readMigrations(db: Database): Promise<Migrations> {
  const journal = JSON.parse(await readFile(`${MIGRATIONS_FOLDER}/meta/_journal.json`, "utf8")) as Journal;
  const known = journal.entries.length;
  const newestKnown = Math.max(0, ...journal.entries.map((entry) => entry.when));
  const [found] = await db.sql<{ exists: boolean }[]>`
    SELECT to_regclass(${`${MIGRATIONS_SCHEMA}.${MIGRATIONS_TABLE}`}) IS NOT NULL AS exists`;
  if (found?.exists !== true) return { applied: 0, newestApplied: 0, known, newestKnown };
  const [row] = await db.sql<{ applied: number; newest: number | null }[]>`
    SELECT count(*)::int AS applied, max(created_at) AS newest FROM attio_sync.migrations`;
  return { applied: row?.applied ?? 0, newestApplied: row?.newest ?? 0, known, newestKnown };
}
