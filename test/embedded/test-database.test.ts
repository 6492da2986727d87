import postgres from "postgres";
import { afterAll, expect, test } from "vitest";
import { createTestDatabase } from "../support/database.ts";

const database = await createTestDatabase();
afterAll(() => database.drop());

test("a test file gets an empty database of its own in UTF-8", async () => {
  const sql = postgres(database.url, { max: 1 });
  const [row] = await sql`
    SELECT current_setting('server_encoding') AS encoding,
           (SELECT count(*)::int FROM pg_tables WHERE schemaname = 'public') AS tables`;
  await sql.end();
  expect(row).toEqual({ encoding: "UTF8", tables: 0 });
});
