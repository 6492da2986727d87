import { afterAll, beforeAll, expect, test } from "vitest";
import { createSql, type Sql } from "../../src/db/index.ts";
import { listen } from "../../src/db/notify.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { cuttableWay } from "../webhooks/cuttable.ts";

let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql(database.url, { connections: 1 });
});
afterAll(async () => {
  await sql.end({ timeout: 1 });
  await database.drop();
});

test("LISTEN connection lost: it is made anew, and what is said afterwards is heard", async () => {
  const heard: string[] = [];
  const ear = await listen(database.url, (what) => heard.push(what));
  try {
    expect(ear.hears).toBe(true);
    const ended = await sql`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'attio-mirror ear'`;
    expect(ended.length).toBeGreaterThan(0);
    const say = async () => {
      await sql`SELECT pg_notify('attio_sync', 'outbox')`;
      return heard;
    };
    await expect.poll(say, { timeout: 20_000 }).toContain("outbox");
  } finally {
    await ear.close();
  }
});

test("an ear that is closed while its connection is made anew leaves none behind", async () => {
  const left = async () => {
    const rows = await sql<{ name: string }[]>`
      SELECT application_name AS name FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'attio-mirror ear'`;
    return rows.map(({ name }) => name);
  };
  // At another moment of it each time.
  for (let afterMs = 0; afterMs <= 200; afterMs += 20) {
    const way = await cuttableWay(database.url);
    const ear = await listen(way.url, () => undefined);
    await way.cut("refused");
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await ear.close();
    await way.mend();
  }
  // It tries again after some time.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(await left()).toEqual([]);
});
