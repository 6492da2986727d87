import { expect, test } from "vitest";
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
