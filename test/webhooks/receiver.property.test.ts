import { connect } from "node:net";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { createMigratedDatabase, type MigratedDatabase } from "../support/migrated.ts";
import { addWebhookRow, delivery, inboxCount, sign, startReceiver } from "./support.ts";

const SECRET = "0f1e2d3c";

let db: MigratedDatabase;

beforeAll(async () => {
  db = await createMigratedDatabase();
  await addWebhookRow(db.sql, { generation: 1, secret: SECRET });
  return () => db.drop();
});

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 2_000 }),
  fc.json().map((text) => Buffer.from(text)),
  fc.constant(0).map(() => Buffer.from(delivery())),
);
const headerText = fc.oneof(
  fc.string({ maxLength: 100 }).map((text) => text.replace(/[^\x20-\x7e]/g, "").trim()),
  fc.stringMatching(/^[0-9a-fA-F]{64}$/),
);
const headerName = fc.constantFrom(
  "attio-signature",
  "x-attio-signature",
  "idempotency-key",
  "content-type",
  "content-encoding",
  "accept",
  "x-forwarded-for",
);
const headers = fc.dictionary(headerName, headerText, { maxKeys: 5 });
const generation = fc.oneof(
  fc.constant("1"),
  fc.string({ minLength: 1, maxLength: 12 }).map(encodeURIComponent),
);

test("no bytes under any headers are accepted without their signature, nor do they cause a fault", async () => {
  const receiver = await startReceiver(db.url);
  await fc.assert(
    fc.asyncProperty(bytes, headers, generation, async (body, given, path) => {
      const { status } = await receiver.send(Buffer.from(body), { headers: given, generation: path });
      expect([400, 401, 404]).toContain(status);
    }),
    { numRuns: 500 },
  );
  expect(await inboxCount(db.sql)).toBe(0);
  expect(receiver.stats.refused.unavailable).toBe(0);
});

test("signed bytes of any kind are kept or refused as malformed, whatever else is sent with them", async () => {
  const receiver = await startReceiver(db.url);
  let kept = 0;
  await fc.assert(
    fc.asyncProperty(bytes, headers, async (body, given) => {
      const signed = { ...given, "attio-signature": sign(Buffer.from(body), SECRET) };
      const { status } = await receiver.send(Buffer.from(body), {
        headers: { ...signed, "idempotency-key": "" },
      });
      expect([200, 400]).toContain(status);
      if (status === 200) kept += 1;
    }),
    { numRuns: 300 },
  );
  expect(kept).toBeGreaterThan(0);
  expect(await inboxCount(db.sql)).toBe(kept);
});

test("bytes that are no HTTP at all end their own connection and nothing else", async () => {
  const receiver = await startReceiver(db.url);
  const { hostname, port } = new URL(receiver.url);
  const start = fc.constantFrom(
    "",
    "POST /webhooks/attio/1 HTTP/1.1\r\n",
    "POST /webhooks/attio/1 HTTP/1.1\r\nhost: x\r\n",
  );
  await fc.assert(
    fc.asyncProperty(start, fc.uint8Array({ maxLength: 300 }), async (head, rest) => {
      const answer = await new Promise<string>((resolve) => {
        let text = "";
        const socket = connect({ host: hostname, port: Number(port) });
        socket.on("data", (data: Buffer) => (text += data.toString("latin1")));
        socket.on("error", () => undefined);
        socket.on("close", () => resolve(text));
        socket.end(Buffer.concat([Buffer.from(head), rest, Buffer.from("\r\n\r\n")]));
      });
      expect(answer === "" || /^HTTP\/1\.1 4\d\d /.test(answer)).toBe(true);
    }),
    { numRuns: 200 },
  );
  expect((await receiver.send(delivery(), { secret: SECRET, key: "last" })).status).toBe(200);
});
