import { afterAll, beforeAll, expect, test } from "vitest";
import { createSql, migrate, openDatabase } from "../../src/db/index.ts";
import type { Database, Sql } from "../../src/db/index.ts";
import { claimRun, renewLeases, type Holder } from "../../src/db/queries/runs.ts";
import { createTestDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let db: Database;
const connections: Sql[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  db = await openDatabase(database.url);
  await migrate(db);
  await db.sql`INSERT INTO attio_sync.streams (stream, kind) VALUES ('people', 'object')`;
});

afterAll(async () => {
  await Promise.all([...connections.map((sql) => sql.end({ timeout: 1 })), db.close()]);
  await database.drop();
});

function holder(token: string): Holder {
  const sql = createSql(database.url, { connections: 1 });
  connections.push(sql);
  return { token, sql };
}

test("a held run is busy for others, its lease is renewed, and it is free once its connection is gone", async () => {
  const first = holder("00000000-0000-4000-8000-000000000001");
  const second = holder("00000000-0000-4000-8000-000000000002");
  const claim = await claimRun(first, "people");
  expect(claim).toMatchObject({ kind: "claimed", resumed: false });
  expect(await claimRun(second, "people")).toEqual({ kind: "busy" });

  await db.sql`UPDATE attio_sync.runs SET lease_expires_at = now() - interval '1 second'`;
  await renewLeases(first);
  expect(await claimRun(second, "people")).toEqual({ kind: "busy" });

  await first.sql.end();
  await expect.poll(async () => (await claimRun(second, "people")).kind, { timeout: 10_000 }).toBe("claimed");
});
