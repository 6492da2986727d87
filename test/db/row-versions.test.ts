import { beforeAll, beforeEach, expect, it } from "vitest";
import { rowVersions, touchedRows, type RowVersions } from "../support/row-versions.ts";
import { createMigratedDatabase, type MigratedDatabase } from "../support/migrated.ts";

let db: MigratedDatabase;
let before: RowVersions;

beforeAll(async () => {
  db = await createMigratedDatabase();
  await db.sql`CREATE TABLE attio.things (id int, name text)`;
  return () => db.drop();
});

beforeEach(async () => {
  await db.sql`TRUNCATE attio.things`;
  await db.sql`INSERT INTO attio.things SELECT n, 'a' FROM generate_series(1, 3) AS n`;
  await db.sql`SELECT FROM attio.things WHERE id = 1 FOR UPDATE`;
  before = await rowVersions(db.sql);
});

it.each([
  ["written", "UPDATE attio.things SET name = 'a' WHERE id = 2", 2],
  ["inserted", "INSERT INTO attio.things VALUES (4, 'a')", 1],
  ["removed", "DELETE FROM attio.things WHERE id = 3", 1],
  ["locked", "SELECT FROM attio.things WHERE id = 2 FOR KEY SHARE", 1],
  ["locked again", "SELECT FROM attio.things WHERE id = 1 FOR UPDATE", 1],
])("a row that was %s is seen", async (_, statement, places) => {
  await db.sql.unsafe(statement);
  expect(touchedRows(before, await rowVersions(db.sql))).toHaveLength(places);
});

it("autovacuum, which forgets who locked a row, touches none", async () => {
  await db.sql`VACUUM (FREEZE) attio.things`;
  const after = await rowVersions(db.sql);
  expect(after).not.toEqual(before);
  expect(touchedRows(before, after)).toEqual([]);
});
