import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readWebhooks } from "../../src/db/queries/webhooks.ts";
import { listWebhooks } from "../../src/webhooks/list.ts";
import {
  checkWebhook,
  ensureWebhook,
  removeWebhook,
  retireOld,
  rotateWebhook,
} from "../../src/webhooks/registration.ts";
import { startMirror, type Mirror } from "../support/mirror.ts";
import { delivery, inboxCount, startReceiver, type TestReceiver } from "./support.ts";

let mirror: Mirror;
let receiver: TestReceiver;
let wish: { publicUrl: string };

beforeEach(async () => {
  mirror = await startMirror({
    sandbox: { seed: "empty", webhooks: { firstRetryMs: 5, retries: 3, timeoutMs: 5_000 } },
  });
  receiver = await startReceiver(mirror.db.url);
  wish = { publicUrl: receiver.url };
});

afterEach(() => {
  vi.restoreAllMocks();
});

const rows = () => readWebhooks(mirror.db.sql);
const remote = () => mirror.sandbox.webhooks.list();
const states = async () => (await rows()).map(({ generation, state }) => [generation, state]);
const targets = () => remote().map(({ targetUrl }) => Number(targetUrl.split("/").at(-1)));

async function activeId(): Promise<string> {
  return (await rows()).find(({ state }) => state === "active")?.webhookId ?? "";
}

/** Makes a change in the workspace and waits until Attio is done telling it. */
async function edit(): Promise<void> {
  mirror.sandbox.store.createRecord("companies", { name: "Acme" });
  await mirror.sandbox.webhooks.idle();
}

describe("the first start", () => {
  test("registers a webhook for every event, and what it sends is stored", async () => {
    const registration = await ensureWebhook(mirror.deps, wish);
    expect(registration).toEqual({ generation: 1, reason: "first", replaced: false, needsBackfill: true });
    expect(remote()).toMatchObject([{ targetUrl: `${receiver.url}/webhooks/attio/1`, status: "active" }]);
    expect(remote()[0]?.subscriptions).toHaveLength(27);
    await edit();
    expect(await inboxCount(mirror.db.sql)).toBeGreaterThan(0);
    expect(mirror.sandbox.webhooks.deliveries.map(({ state }) => state)).not.toContain("failed");
    expect(receiver.stats.refused.signature).toBe(0);
  });

  test("of several processes at once makes one webhook", async () => {
    const others = await Promise.all([mirror.another(), mirror.another()]);
    const made = await Promise.all([mirror, ...others].map(({ deps }) => ensureWebhook(deps, wish)));
    expect(made.map(({ generation }) => generation)).toEqual([1, 1, 1]);
    expect(made.filter(({ reason }) => reason === "first")).toHaveLength(1);
    expect(remote()).toHaveLength(1);
  });

  test("with the wish to hide our own writes has Attio leave them out", async () => {
    await ensureWebhook(mirror.deps, { ...wish, hideOwnWrites: mirror.sandbox.access.id });
    await mirror.client.records.create("companies", { name: "by us" });
    await mirror.sandbox.webhooks.idle();
    expect(await inboxCount(mirror.db.sql)).toBe(0);
    await edit();
    expect(await inboxCount(mirror.db.sql)).toBeGreaterThan(0);
  });

  test("does not touch webhooks of others", async () => {
    const subscriptions = [{ event_type: "record.created", filter: null }] as const;
    await mirror.client.webhooks.create({
      target_url: "https://example.com/webhooks/attio/1",
      subscriptions,
    });
    await ensureWebhook(mirror.deps, wish);
    await removeWebhook(mirror.deps, wish);
    expect(remote().map(({ targetUrl }) => targetUrl)).toEqual(["https://example.com/webhooks/attio/1"]);
  });
});

describe("a restart", () => {
  test("finds the webhook again and makes none", async () => {
    await ensureWebhook(mirror.deps, wish);
    await retireOld(mirror.deps, 1);
    expect(await ensureWebhook(mirror.deps, wish)).toEqual({
      generation: 1,
      reason: null,
      replaced: false,
      needsBackfill: false,
    });
    expect(remote()).toHaveLength(1);
    const posts = mirror.sandbox.log.requests.filter(
      ({ method, path }) => method === "POST" && path === "/v2/webhooks",
    );
    expect(posts).toHaveLength(1);
  });

  test("before the backfill was done still asks for it", async () => {
    await ensureWebhook(mirror.deps, wish);
    expect(await ensureWebhook(mirror.deps, wish)).toMatchObject({ reason: null, needsBackfill: true });
    await retireOld(mirror.deps, 1);
    await rotateWebhook(mirror.deps, wish);
    // The backfill that was begun for the first one does not count for its successor.
    await retireOld(mirror.deps, 1);
    expect(await ensureWebhook(mirror.deps, wish)).toMatchObject({ generation: 2, needsBackfill: true });
    expect(await states()).toEqual([
      [1, "retiring"],
      [2, "active"],
    ]);
  });
});

describe("a webhook that can't be trusted to tell everything is replaced under the next generation:", () => {
  beforeEach(async () => {
    await ensureWebhook(mirror.deps, wish);
    await retireOld(mirror.deps, 1);
  });

  test.each<[string, () => Promise<unknown>]>([
    ["degraded", async () => mirror.sandbox.webhooks.setStatus(await activeId(), "degraded")],
    ["inactive", async () => mirror.sandbox.webhooks.setStatus(await activeId(), "inactive")],
    ["gone", async () => mirror.sandbox.webhooks.delete(await activeId())],
    ["secret-unknown", () => mirror.db.sql`UPDATE attio_sync.webhooks SET secret = NULL`.execute()],
    ["secret-unknown", () => mirror.db.sql`DELETE FROM attio_sync.webhooks`.execute()],
    [
      "subscriptions-changed",
      async () =>
        mirror.client.webhooks.update(await activeId(), {
          subscriptions: [{ event_type: "record.created", filter: null }],
        }),
    ],
    [
      "target-changed",
      async () =>
        mirror.client.webhooks.update(await activeId(), { target_url: `${receiver.url}/elsewhere` }),
    ],
  ])("%s", async (reason, spoil) => {
    await spoil();
    expect(await checkWebhook(mirror.deps, wish)).toBe(reason);
    expect(await ensureWebhook(mirror.deps, wish)).toEqual({
      generation: 2,
      reason,
      replaced: true,
      needsBackfill: true,
    });
    expect(await checkWebhook(mirror.deps, wish)).toBeNull();
    await edit();
    expect(await inboxCount(mirror.db.sql)).toBeGreaterThan(0);
    await retireOld(mirror.deps, 2);
    expect(targets()).toEqual([2]);
    expect(await states()).toEqual([[2, "active"]]);
    expect(await ensureWebhook(mirror.deps, wish)).toMatchObject({ reason: null, needsBackfill: false });
  });

  test("another PUBLIC_URL", async () => {
    const moved = await startReceiver(mirror.db.url);
    expect(await ensureWebhook(mirror.deps, { publicUrl: moved.url })).toMatchObject({
      generation: 2,
      reason: "target-changed",
    });
    await retireOld(mirror.deps, 2);
    expect(remote().map(({ targetUrl }) => targetUrl)).toEqual([`${moved.url}/webhooks/attio/2`]);
  });
});

describe("rotation", () => {
  test("accepts old and new secret until the old one is retired", async () => {
    await ensureWebhook(mirror.deps, wish);
    const before = (await rows())[0]?.secret ?? "";
    expect(await rotateWebhook(mirror.deps, wish)).toEqual({
      generation: 2,
      reason: "rotation",
      replaced: true,
      needsBackfill: true,
    });
    const after = (await rows()).at(-1)?.secret ?? "";
    expect(after).not.toBe(before);
    const status = async (secret: string, generation: number) =>
      (await receiver.send(delivery(), { secret, generation })).status;
    expect([await status(before, 1), await status(after, 2)]).toEqual([200, 200]);
    await edit();
    expect(receiver.stats.refused.signature).toBe(0);
    await retireOld(mirror.deps, 2);
    const later = await startReceiver(mirror.db.url);
    const answers = [];
    for (const [secret, generation] of [
      [before, 1],
      [after, 2],
    ] as const) {
      answers.push((await later.send(delivery(), { secret, generation })).status);
    }
    expect(answers).toEqual([401, 200]);
    const [old] = await mirror.db.sql`SELECT secret, state FROM attio_sync.webhooks WHERE generation = 1`;
    expect(old).toEqual({ secret: null, state: "removed" });
  });
});

describe("a crash", () => {
  test("between creation and saving is cleaned up, and a new webhook made", async () => {
    await mirror.db.sql`
      CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'crash'; END $$`;
    await mirror.db.sql`
      CREATE TRIGGER crash BEFORE UPDATE ON attio_sync.webhooks FOR EACH ROW
      WHEN (new.state = 'active') EXECUTE FUNCTION crash()`;
    await expect(ensureWebhook(mirror.deps, wish)).rejects.toThrow("crash");
    await mirror.db.sql`DROP TRIGGER crash ON attio_sync.webhooks`;
    expect(await states()).toEqual([[1, "creating"]]);
    expect(targets()).toEqual([1]);
    expect(await ensureWebhook(mirror.deps, wish)).toMatchObject({ generation: 2, needsBackfill: true });
    expect(targets()).toEqual([2]);
    expect(await states()).toEqual([[2, "active"]]);
  });

  test("before the creation, or a lost answer to it, too", async () => {
    for (const kind of ["refuse", "lost"] as const) {
      mirror.sandbox.faults.add({ kind, method: "POST", path: "/v2/webhooks", times: 6 });
      await expect(ensureWebhook(mirror.deps, wish)).rejects.toThrow();
      mirror.sandbox.faults.clear();
    }
    expect(await ensureWebhook(mirror.deps, wish)).toMatchObject({ needsBackfill: true });
    expect(remote()).toHaveLength(1);
    expect(await states()).toHaveLength(1);
  });

  test("in the middle of a rotation leaves the old one at work", async () => {
    await ensureWebhook(mirror.deps, wish);
    await retireOld(mirror.deps, 1);
    mirror.sandbox.faults.add({ kind: "lost", method: "POST", path: "/v2/webhooks", times: 1 });
    await expect(rotateWebhook(mirror.deps, wish)).rejects.toThrow();
    expect(await ensureWebhook(mirror.deps, wish)).toMatchObject({ generation: 1, reason: null });
    expect(targets()).toEqual([1]);
  });

  test("between retiring in Attio and noting it is made good by retiring again", async () => {
    await ensureWebhook(mirror.deps, wish);
    await rotateWebhook(mirror.deps, wish);
    mirror.sandbox.webhooks.delete((await rows())[0]?.webhookId ?? "");
    await retireOld(mirror.deps, 2);
    expect(await states()).toEqual([[2, "active"]]);
  });
});

test("replacing a webhook: a target that Attio says is taken makes way for the next generation", async () => {
  const subscriptions = [{ event_type: "record.created", filter: null }] as const;
  await mirror.client.webhooks.create({ target_url: `${receiver.url}/webhooks/attio/1`, subscriptions });
  // As if the token could not see it.
  vi.spyOn(mirror.client.webhooks, "list").mockResolvedValue([]);
  expect(await ensureWebhook(mirror.deps, wish)).toMatchObject({ generation: 2, reason: "first" });
});

describe("list and remove", () => {
  test("list tells what is here and what is in Attio, strangers that send to us included", async () => {
    await ensureWebhook(mirror.deps, wish);
    await rotateWebhook(mirror.deps, wish);
    const subscriptions = [{ event_type: "record.created", filter: null }] as const;
    await mirror.client.webhooks.create({ target_url: `${receiver.url}/webhooks/attio/9`, subscriptions });
    const listed = await listWebhooks(mirror.deps, wish);
    expect(listed.map(({ generation, state, attioStatus }) => [generation, state, attioStatus])).toEqual([
      [1, "retiring", "active"],
      [2, "active", "active"],
      [9, "unknown", "active"],
    ]);
    expect(JSON.stringify(listed)).not.toContain((await rows())[0]?.secret);
  });

  test("remove deletes all of them, and the next start registers anew", async () => {
    await ensureWebhook(mirror.deps, wish);
    await rotateWebhook(mirror.deps, wish);
    expect(await removeWebhook(mirror.deps, wish)).toBe(2);
    expect(remote()).toEqual([]);
    expect(await removeWebhook(mirror.deps, wish)).toBe(0);
    expect(await ensureWebhook(mirror.deps, wish)).toMatchObject({ generation: 3, reason: "first" });
  });
});
