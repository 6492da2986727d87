import { migrate, openDatabase, type Database } from "../../src/db/index.ts";
import { createTestDatabase } from "./database.ts";

/** A test file's own database. */
export interface MigratedDatabase extends Database {
  /** Closes the connections and removes the database. Return it from `beforeAll`. */
  drop(): Promise<void>;
}

/** Makes a database with the mirror's fixed tables, nothing in them. */
export async function createMigratedDatabase(): Promise<MigratedDatabase> {
  const database = await createTestDatabase();
  const db = await openDatabase(database.url);
  await migrate(db);
  return {
    ...db,
    drop: async () => {
      await db.close();
      await database.drop();
    },
  };
}
