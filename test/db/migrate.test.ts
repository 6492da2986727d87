import { afterAll, beforeAll, expect, test } from "vitest";
import { createSql, isMigrated, migrate, openDatabase, type Database, type Sql } from "../../src/db/index.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let db: Database;
let admin: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  db = await openDatabase(database.url);
  admin = createSql(database.url, { connections: 1 });
});
afterAll(async () => {
  await Promise.all([db.close(), admin.end({ timeout: 1 })]);
  await database.drop();
});

async function tables(): Promise<string[]> {
  const rows = await admin<{ name: string }[]>`
    SELECT schemaname || '.' || tablename AS name FROM pg_tables
    WHERE schemaname IN ('attio', 'attio_sync') AND tablename <> 'migrations'`;
  return rows.map(({ name }) => name);
}

test("migration interrupted half way: it leaves nothing behind, and the next start goes through with it", async () => {
  await admin.unsafe(`
    CREATE FUNCTION end_here() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
      IF to_regclass('attio_sync.outbox') IS NOT NULL THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
    END $$;
    CREATE EVENT TRIGGER end_here ON ddl_command_end EXECUTE FUNCTION end_here()`);
  await expect(migrate(db)).rejects.toThrow();
  expect(await tables()).toEqual([]);
  expect(await isMigrated(db)).toBe(false);

  await admin.unsafe("DROP EVENT TRIGGER end_here; DROP FUNCTION end_here");
  await migrate(db);
  expect(await isMigrated(db)).toBe(true);
  expect(await tables()).toEqual(expect.arrayContaining(["attio_sync.outbox", "attio.objects"]) as unknown[]);
});
