import { connect } from "node:net";
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { heldMemory } from "../support/held-memory.ts";
import { createMigratedDatabase, type MigratedDatabase } from "../support/migrated.ts";
import { addWebhookRow, delivery, inboxCount, sign, startReceiver, type Sending } from "./support.ts";

const SECRET = "0f1e2d3c";

let db: MigratedDatabase;

beforeAll(async () => {
  db = await createMigratedDatabase();
  return () => db.drop();
});

beforeEach(async () => {
  await db.sql`TRUNCATE attio_sync.webhook_events, attio_sync.webhooks`;
  await addWebhookRow(db.sql, { generation: 1, secret: SECRET });
});

describe("a signed delivery", () => {
  test("is answered 200 once it is in the inbox, byte for byte as it came", async () => {
    const receiver = await startReceiver(db.url);
    const body = ` {"events":[{"event_type":"new.kind","é":"\\u00e9"}],  "webhook_id":"x"}\n`;
    expect(await receiver.send(body, { secret: SECRET, key: "k" })).toEqual({ status: 200, text: "{}" });
    const rows = await db.sql<{ body: Buffer }[]>`
      SELECT generation, idempotency_key AS key, body, processed_at FROM attio_sync.webhook_events`;
    expect(rows).toEqual([
      { generation: 1, key: "k", body: expect.anything() as unknown, processed_at: null },
    ]);
    expect(rows[0]?.body.toString()).toBe(body);
    expect(receiver.wakes()).toBe(1);
  });

  test.each([
    ["attio-signature", (hex: string) => hex],
    ["x-attio-signature", (hex: string) => hex],
    ["attio-signature", (hex: string) => hex.toUpperCase()],
  ])("is recognised by %s, whatever the case of the hexadecimal", async (header, write) => {
    const receiver = await startReceiver(db.url);
    const body = delivery();
    const headers = { [header]: write(sign(body, SECRET)) };
    expect((await receiver.send(body, { headers })).status).toBe(200);
  });

  test("is good whatever its content type says", async () => {
    const receiver = await startReceiver(db.url);
    const headers = { "content-type": "text/plain; charset=x" };
    expect((await receiver.send(delivery(), { secret: SECRET, headers })).status).toBe(200);
  });

  test("of any JSON is kept, and one with a tampered byte is refused", async () => {
    const receiver = await startReceiver(db.url);
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.string(), fc.nat(), async (value, secret, place) => {
        const body = Buffer.from(JSON.stringify({ webhook_id: "w", events: [value] }));
        expect((await receiver.send(body, { secret: SECRET })).status).toBe(200);
        const tampered = Buffer.from(body);
        const at = place % body.length;
        tampered[at] = (body[at] ?? 0) ^ (1 + (place % 255));
        const headers = { "attio-signature": sign(body, SECRET) };
        expect((await receiver.send(tampered, { headers })).status).toBe(401);
        if (secret !== SECRET) expect((await receiver.send(body, { secret })).status).toBe(401);
      }),
      { numRuns: 50 },
    );
    expect(await inboxCount(db.sql)).toBe(50);
  });
});

describe("the Idempotency-Key", () => {
  test("seen before is answered 200 and stores nothing", async () => {
    const receiver = await startReceiver(db.url);
    const body = delivery();
    for (let i = 0; i < 3; i++) {
      expect((await receiver.send(body, { secret: SECRET, key: "same" })).status).toBe(200);
    }
    expect(await inboxCount(db.sql)).toBe(1);
    expect(receiver.stats).toMatchObject({ received: 3, stored: 1, duplicate: 2 });
    expect(receiver.wakes()).toBe(1);
  });

  test("seen before in one burst stores one", async () => {
    const receiver = await startReceiver(db.url);
    const body = delivery();
    await Promise.all(Array.from({ length: 50 }, () => receiver.send(body, { secret: SECRET, key: "same" })));
    expect(await inboxCount(db.sql)).toBe(1);
  });

  test("that is another one stores the same body again, since nothing in the signature forbids it", async () => {
    const receiver = await startReceiver(db.url);
    const body = delivery();
    await receiver.send(body, { secret: SECRET, key: "one" });
    await receiver.send(body, { secret: SECRET, key: "other" });
    expect(await inboxCount(db.sql)).toBe(2);
  });

  test("that is missing or empty makes each delivery a new one", async () => {
    const receiver = await startReceiver(db.url);
    const body = delivery();
    for (const key of [undefined, undefined, ""]) await receiver.send(body, { secret: SECRET, key });
    expect(await inboxCount(db.sql)).toBe(3);
  });

  test("counts for its generation alone", async () => {
    await addWebhookRow(db.sql, { generation: 2, secret: "other" });
    const receiver = await startReceiver(db.url);
    await receiver.send(delivery(), { secret: SECRET, key: "k" });
    await receiver.send(delivery(), { generation: 2, secret: "other", key: "k" });
    expect(await inboxCount(db.sql)).toBe(2);
  });

  test("longer than an index takes still tells duplicates", async () => {
    const receiver = await startReceiver(db.url);
    const key = Array.from({ length: 2000 }, (_, i) => i.toString(36)).join("");
    for (const suffix of ["a", "a", "b"]) {
      expect((await receiver.send(delivery(), { secret: SECRET, key: key + suffix })).status).toBe(200);
    }
    expect(await inboxCount(db.sql)).toBe(2);
  });
});

describe("which secrets are good", () => {
  test("those of all webhooks that are not removed", async () => {
    await db.sql`TRUNCATE attio_sync.webhooks`;
    const states = ["removed", "retiring", "active", "creating"];
    for (const [i, state] of states.entries()) {
      await addWebhookRow(db.sql, { generation: i + 1, secret: `secret-${state}`, state });
    }
    const receiver = await startReceiver(db.url);
    const statuses = [];
    for (const state of states) {
      const sending = { generation: 3, secret: `secret-${state}` };
      statuses.push((await receiver.send(delivery(), sending)).status);
    }
    expect(statuses).toEqual([401, 200, 200, 200]);
  });

  test("one made while the receiver runs is found", async () => {
    const receiver = await startReceiver(db.url);
    const sendNew = async () => (await receiver.send(delivery(), { generation: 2, secret: "new" })).status;
    expect(await sendNew()).toBe(401);
    await addWebhookRow(db.sql, { generation: 2, secret: "new" });
    await expect.poll(sendNew, { timeout: 5_000 }).toBe(200);
  });
});

describe("what is refused leaves nothing behind:", () => {
  const good = delivery();
  test.each<[string, number, string | Buffer, Sending]>([
    ["no signature", 401, good, {}],
    ["another secret", 401, good, { secret: "wrong" }],
    ["half a signature", 401, good, { headers: { "attio-signature": sign(good, SECRET).slice(32) } }],
    [
      "a signature with a prefix",
      401,
      good,
      { headers: { "attio-signature": `sha256=${sign(good, SECRET)}` } },
    ],
    ["an empty signature", 401, good, { headers: { "attio-signature": "" } }],
    [
      "the signature of another body",
      401,
      good,
      { headers: { "attio-signature": sign(delivery(), SECRET) } },
    ],
    ["nonsense signed", 400, "nonsense", { secret: SECRET }],
    ["nothing signed", 400, "", { secret: SECRET }],
    ["cut JSON signed", 400, good.slice(0, -1), { secret: SECRET }],
    ["bytes that are no UTF-8, signed", 400, Buffer.from([0x22, 0xff, 0x22]), { secret: SECRET }],
    ["no events", 400, `{"webhook_id":"1"}`, { secret: SECRET }],
    ["events that are no array", 400, `{"webhook_id":"1","events":{}}`, { secret: SECRET }],
    ["an array", 400, "[]", { secret: SECRET }],
    ["null", 400, "null", { secret: SECRET }],
    ["more than a mebibyte", 413, Buffer.alloc(1024 * 1024 + 1, " "), { secret: SECRET }],
    ["more than a mebibyte, unsigned", 413, Buffer.alloc(1024 * 1024 + 1, " "), {}],
    ["a generation that is no number", 401, good, { generation: "x", secret: SECRET }],
    ["a generation beyond integers", 401, good, { generation: "99999999999", secret: SECRET }],
  ])("%s: %d", async (_, status, body, sending) => {
    const receiver = await startReceiver(db.url);
    expect((await receiver.send(body, sending)).status).toBe(status);
    expect(await inboxCount(db.sql)).toBe(0);
    expect(receiver.wakes()).toBe(0);
    const { refused } = receiver.stats;
    expect(Object.values(refused).reduce((sum, count) => sum + count, 0)).toBe(1);
  });

  test("a body that grows beyond a mebibyte without saying so", async () => {
    const receiver = await startReceiver(db.url);
    const { hostname, port } = new URL(receiver.url);
    const socket = connect({ host: hostname, port: Number(port) });
    const chunk = "x".repeat(0xffff);
    let answer = "";
    socket.on("data", (data: Buffer) => (answer += data.toString()));
    socket.on("error", () => undefined);
    socket.write(
      `POST /webhooks/attio/1 HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nattio-signature: ${sign("", SECRET)}\r\n\r\n`,
    );
    for (let i = 0; i < 20; i++) socket.write(`ffff\r\n${chunk}\r\n`);
    await expect.poll(() => answer).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
    expect(receiver.stats.refused.oversized).toBe(1);
  });
});

describe("floods", () => {
  test("a burst is written by few statements", async () => {
    const receiver = await startReceiver(db.url);
    await receiver.send(delivery(), { secret: SECRET });
    const before = receiver.stats.inserts;
    const answers = await Promise.all(
      Array.from({ length: 2_000 }, (_, i) => receiver.send(delivery(), { secret: SECRET, key: `k${i}` })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await inboxCount(db.sql)).toBe(2_001);
    expect(receiver.stats.inserts - before).toBeLessThan(500);
    expect(receiver.wakes()).toBe(receiver.stats.inserts);
  });

  test("of 10,000 forged, truncated and malformed deliveries none is accepted, and memory stays flat", async () => {
    const receiver = await startReceiver(db.url);
    const filler = "x".repeat(20_000);
    const makers = [
      () => receiver.send(delivery()),
      () => receiver.send(delivery() + filler, { secret: "wrong" }),
      () => receiver.send(delivery().slice(0, -2), { secret: SECRET }),
      () => receiver.send(`{"webhook_id":1,"filler":"${filler}"}`, { secret: SECRET }),
      () => receiver.send(delivery(), { headers: { "attio-signature": "0".repeat(64) } }),
      () => receiver.send("[".repeat(20_000), { secret: SECRET }),
      () => receiver.send(delivery(), { generation: 77, secret: "wrong" }),
    ];
    const flood = async (count: number) => {
      const statuses = new Set<number>();
      for (let sent = 0; sent < count; sent += 100) {
        const answers = await Promise.all(
          Array.from({ length: 100 }, async (_, i) => makers[(sent + i) % makers.length]?.()),
        );
        for (const answer of answers) statuses.add(answer?.status ?? 0);
      }
      return statuses;
    };
    await flood(2_000);
    const before = heldMemory();
    expect(await flood(8_000)).toEqual(new Set([400, 401]));
    // Bodies that were kept would be 70 MiB, and one KiB of each request 8.
    expect(heldMemory() - before).toBeLessThan(6);
    expect(await inboxCount(db.sql)).toBe(0);
    expect(receiver.stats).toMatchObject({ received: 10_000, stored: 0, duplicate: 0 });
    expect((await receiver.send(delivery(), { secret: SECRET })).status).toBe(200);
  });

  test("requests broken off half way do no harm", async () => {
    const receiver = await startReceiver(db.url);
    const { hostname, port } = new URL(receiver.url);
    await Promise.all(
      Array.from({ length: 200 }, async () => {
        const socket = connect({ host: hostname, port: Number(port) });
        const head = `POST /webhooks/attio/1 HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\nattio-signature: ${sign("", SECRET)}\r\n\r\n`;
        await new Promise<void>((resolve) => socket.write(`${head}{"webhook_id":`, () => resolve()));
        socket.destroy();
      }),
    );
    await expect.poll(() => receiver.stats.received).toBe(200);
    expect((await receiver.send(delivery(), { secret: SECRET })).status).toBe(200);
    expect(await inboxCount(db.sql)).toBe(1);
  });
});
