import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createMigratedDatabase, type MigratedDatabase } from "../support/migrated.ts";
import { cuttableWay } from "./cuttable.ts";
import { addWebhookRow, delivery, inboxCount, startReceiver } from "./support.ts";

const SECRET = "0f1e2d3c";
/** Attio gives up on an answer after 5 s. */
const ATTIO_WAITS_MS = 5_000;

let db: MigratedDatabase;

beforeAll(async () => {
  db = await createMigratedDatabase();
  return () => db.drop();
});

beforeEach(async () => {
  await db.sql`TRUNCATE attio_sync.webhook_events, attio_sync.webhooks`;
  await addWebhookRow(db.sql, { generation: 1, secret: SECRET });
});

describe("while PostgreSQL is away", () => {
  test.each(["refused", "silent"] as const)(
    "(%s) deliveries are answered 503 well before Attio gives up, and 200 as soon as it is back",
    async (how) => {
      const way = await cuttableWay(db.url);
      const receiver = await startReceiver(way.url);
      expect((await receiver.send(delivery(), { secret: SECRET, key: "before" })).status).toBe(200);
      await way.cut(how);
      const bodies = Array.from({ length: 100 }, (_, i) => ({ key: `k${i}`, body: delivery() }));
      const sendAll = () =>
        Promise.all(bodies.map(({ key, body }) => receiver.send(body, { secret: SECRET, key })));
      const since = performance.now();
      const refused = await sendAll();
      expect(performance.now() - since).toBeLessThan(ATTIO_WAITS_MS);
      expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([503]));
      expect(receiver.stats.refused.unavailable).toBe(100);
      await way.mend();
      const answers = await sendAll();
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(await inboxCount(db.sql)).toBe(101);
    },
  );

  test("a short absence is waited for", async () => {
    const way = await cuttableWay(db.url);
    const receiver = await startReceiver(way.url);
    await receiver.send(delivery(), { secret: SECRET });
    await way.cut("refused");
    const answer = receiver.send(delivery(), { secret: SECRET });
    await way.mend();
    expect((await answer).status).toBe(200);
  });

  test("a receiver that never saw a secret does not know, and says 503 and not 401", async () => {
    const way = await cuttableWay(db.url);
    await way.cut("refused");
    const receiver = await startReceiver(way.url);
    expect((await receiver.send(delivery(), { secret: SECRET })).status).toBe(503);
    await way.mend();
    const send = async () => (await receiver.send(delivery(), { secret: SECRET })).status;
    await expect.poll(send, { timeout: 5_000 }).toBe(200);
  });

  test("the connections of the server's side ended, deliveries go on", async () => {
    const receiver = await startReceiver(db.url);
    await receiver.send(delivery(), { secret: SECRET });
    await db.sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'attio-mirror webhooks'`;
    expect((await receiver.send(delivery(), { secret: SECRET })).status).toBe(200);
    expect(await inboxCount(db.sql)).toBe(2);
  });

  test("the inbox locked by somebody, deliveries are answered 503 in time", async () => {
    const receiver = await startReceiver(db.url);
    await receiver.send(delivery(), { secret: SECRET });
    await db.sql.begin(async (tx) => {
      await tx`LOCK TABLE attio_sync.webhook_events IN SHARE MODE`;
      const since = performance.now();
      expect((await receiver.send(delivery(), { secret: SECRET })).status).toBe(503);
      expect(performance.now() - since).toBeLessThan(ATTIO_WAITS_MS);
    });
    expect((await receiver.send(delivery(), { secret: SECRET })).status).toBe(200);
  });
});

test("asked to stop, the receiver answers what it has taken before it ends", async () => {
  const receiver = await startReceiver(db.url);
  await receiver.send(delivery(), { secret: SECRET });
  const { sent, closed } = await db.sql.begin(async (tx) => {
    await tx`LOCK TABLE attio_sync.webhook_events IN SHARE MODE`;
    const answer = receiver.send(delivery(), { secret: SECRET });
    await expect.poll(() => receiver.stats.received).toBe(2);
    return { sent: [answer], closed: [receiver.close()] };
  });
  expect((await Promise.all(sent))[0]?.status).toBe(200);
  await Promise.all(closed);
  expect(await inboxCount(db.sql)).toBe(2);
});
