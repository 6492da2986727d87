import { expect, test } from "vitest";
import { createSql } from "../../src/db/index.ts";
import { silentLog } from "../../src/logger.ts";
import { openQueueBackend, QueueUnavailableError } from "../../src/workers/connection.ts";
import { inboxJob } from "../../src/workers/queues.ts";
import { createTestDatabase } from "../support/database.ts";
import { cuttableWay } from "../webhooks/cuttable.ts";

test("a queue that is first used while PostgreSQL is away works once it is back", async () => {
  const database = await createTestDatabase();
  const way = await cuttableWay(database.url);
  const backend = await openQueueBackend({ databaseUrl: way.url, redisUrl: null, log: silentLog });
  try {
    await way.cut("refused");
    await expect(backend.queue("attio-live").add(inboxJob())).rejects.toBeInstanceOf(QueueUnavailableError);
    await way.mend();
    const addAndCount = async () => {
      await backend.queue("attio-live").add(inboxJob());
      return backend.queue("attio-live").depth();
    };
    await expect.poll(() => addAndCount().catch(() => 0), { timeout: 20_000 }).toBe(1);
  } finally {
    await backend.close();
    await database.drop();
  }
});

test("a worker that is closed while it begins leaves no connection behind", async () => {
  const database = await createTestDatabase();
  const backend = await openQueueBackend({ databaseUrl: database.url, redisUrl: null, log: silentLog });
  await backend.work("attio-live", 1, () => Promise.resolve()).close();
  await backend.close();
  const sql = createSql(database.url, { connections: 1 });
  try {
    // What was left behind would still come about.
    for (let look = 0; look < 5; look++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const left = await sql`
        SELECT application_name FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`;
      expect(left.map((row): unknown => row["application_name"])).toEqual([]);
    }
  } finally {
    await sql.end({ timeout: 1 });
    await database.drop();
  }
});
