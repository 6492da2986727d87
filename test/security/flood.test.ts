import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { drain } from "../support/live.ts";
import { startMirror } from "../support/mirror.ts";
import { findDifferences } from "../support/oracle.ts";
import { addThings } from "../support/things.ts";
import { addWebhookRow, inboxCount, sign, startReceiver } from "../webhooks/support.ts";

const FORGED = 10_000;
const AT_ONCE = 50;
const SECRET = "a secret of the flood's test";

test("while 10,000 forged deliveries come, every real one is answered 200 and processed, and nothing else is kept", async () => {
  const mirror = await startMirror();
  const things = addThings(mirror);
  const ids = Array.from({ length: 20 }, () => things.create({ name: "before" }).id);
  await mirror.backfill({ streams: [things.slug] });
  await addWebhookRow(mirror.db.sql, { generation: 1, secret: SECRET });
  const receiver = await startReceiver(mirror.db.url);

  const events: string[] = [];
  mirror.sandbox.store.onEvent((event) => events.push(JSON.stringify({ webhook_id: "w", events: [event] })));
  for (const [place, id] of [...ids, ...ids, ...ids, ...ids, ...ids].entries())
    things.update(id, { name: `after ${place}` });
  expect(events.length).toBe(100);

  const forgers = [
    (body: string) => receiver.send(body, { secret: "another secret" }),
    (body: string) =>
      receiver.send(body, { headers: { "attio-signature": randomBytes(32).toString("hex") } }),
    // The signature of another delivery, as somebody who saw one would have it.
    (body: string) => receiver.send(`${body} `, { headers: { "attio-signature": sign(body, SECRET) } }),
    (body: string) => receiver.send(body),
  ];
  const forged = new Map<number, number>();
  const real: number[] = [];
  let sent = 0;
  const forge = async () => {
    while (sent < FORGED) {
      const place = sent++;
      const body = events[place % events.length] ?? "";
      const answer = await forgers[place % forgers.length]?.(body);
      forged.set(answer?.status ?? 0, (forged.get(answer?.status ?? 0) ?? 0) + 1);
    }
  };
  const sendReal = async () => {
    for (const [place, body] of events.entries()) {
      real.push((await receiver.send(body, { secret: SECRET, key: `real ${place}` })).status);
      // In step with the flood, so that it lasts from the first of them to the last.
      while (sent < ((place + 1) * FORGED) / events.length)
        await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await Promise.all([sendReal(), ...Array.from({ length: AT_ONCE }, forge)]);

  expect(real).toEqual(events.map(() => 200));
  expect([...forged]).toEqual([[401, FORGED]]);
  expect(receiver.stats.refused).toMatchObject({ signature: FORGED, unavailable: 0 });
  expect(await inboxCount(mirror.db.sql)).toBe(events.length);
  await drain(mirror);
  expect(
    await findDifferences(mirror.sandbox, mirror.db.sql, { sources: [things.slug], resources: [] }),
  ).toEqual([]);
});
