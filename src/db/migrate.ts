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

/** The database was migrated by a newer version of this program, which an older one would damage. */
export class DatabaseNewerError extends MirrorError {
  constructor() {
    super(
      "DATABASE_NEWER",
      "The database was migrated by a newer version of attio-mirror; install that version or a later one.",
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
  const newest = await newestKnownMigration();
  await db.sql.begin(async (tx) => {
    await lockExclusive(tx, "migrate");
    const applied = await newestAppliedMigration(db);
    if (applied > newest) throw new DatabaseNewerError();
    if (applied === newest) return;
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
  return (await newestAppliedMigration(db)) === (await newestKnownMigration());
}

async function newestKnownMigration(): Promise<number> {
  const journal = JSON.parse(await readFile(`${MIGRATIONS_FOLDER}/meta/_journal.json`, "utf8")) as Journal;
  return Math.max(0, ...journal.entries.map((entry) => entry.when));
}

async function newestAppliedMigration(db: Database): Promise<number> {
  const [found] = await db.sql<{ exists: boolean }[]>`
    SELECT to_regclass(${`${MIGRATIONS_SCHEMA}.${MIGRATIONS_TABLE}`}) IS NOT NULL AS exists`;
  if (found?.exists !== true) return 0;
  const [row] = await db.sql<{ newest: number | null }[]>`
    SELECT max(created_at) AS newest FROM attio_sync.migrations`;
  return row?.newest ?? 0;
}
