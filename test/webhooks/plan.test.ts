import { describe, expect, test } from "vitest";
import type { Webhook } from "../../src/attio/index.ts";
import type { WebhookRow } from "../../src/db/queries/webhooks.ts";
import { findStrays, nextGeneration, planWebhook, type Situation } from "../../src/webhooks/plan.ts";
import { buildSubscriptions, sameSubscriptions } from "../../src/webhooks/subscriptions.ts";
import { generationIn, targetUrl } from "../../src/webhooks/target.ts";

const PUBLIC_URL = "https://mirror.example.com";
const subscriptions = buildSubscriptions(null);

const row = (changes: Partial<WebhookRow> = {}): WebhookRow => ({
  generation: 3,
  webhookId: "w3",
  secret: "s3",
  targetUrl: `${PUBLIC_URL}/webhooks/attio/3`,
  state: "active",
  attioStatus: "active",
  createdAt: "",
  checkedAt: null,
  ...changes,
});

const remote = (changes: Partial<Webhook> & { webhookId?: string } = {}): Webhook => ({
  id: { workspace_id: "ws", webhook_id: changes.webhookId ?? "w3" },
  target_url: `${PUBLIC_URL}/webhooks/attio/3`,
  subscriptions,
  status: "active",
  created_at: "",
  ...changes,
});

const situation = (changes: Partial<Situation> = {}): Situation => ({
  rows: [row()],
  remote: [remote()],
  publicUrl: PUBLIC_URL,
  subscriptions,
  ...changes,
});

describe("the active webhook", () => {
  test("stays while all is as wished", () => {
    expect(planWebhook(situation())).toMatchObject({ kind: "keep", status: "active" });
  });

  test.each<[string, Partial<Situation>]>([
    ["first", { rows: [], remote: [] }],
    ["first", { rows: [], remote: [remote({ target_url: "https://other.example.com/webhooks/attio/3" })] }],
    ["secret-unknown", { rows: [] }],
    ["secret-unknown", { rows: [row({ secret: null })] }],
    ["gone", { remote: [] }],
    ["target-changed", { publicUrl: "https://moved.example.com" }],
    ["target-changed", { remote: [remote({ target_url: "https://mirror.example.com/elsewhere" })] }],
    ["subscriptions-changed", { subscriptions: buildSubscriptions("me") }],
    ["subscriptions-changed", { remote: [remote({ subscriptions: subscriptions.slice(1) })] }],
    ["degraded", { remote: [remote({ status: "degraded" })] }],
    ["inactive", { remote: [remote({ status: "inactive" })] }],
  ])("is made (%s) with %j", (reason, changes) => {
    expect(planWebhook(situation(changes))).toMatchObject({ kind: "replace", reason });
  });

  test("stays under a status that is not known today", () => {
    expect(planWebhook(situation({ remote: [remote({ status: "resting" })] })).kind).toBe("keep");
  });
});

test("strays are those that send to us and whose secret nobody knows", () => {
  const strays = findStrays(
    situation({
      remote: [
        remote(),
        remote({ webhookId: "lost", target_url: `${PUBLIC_URL}/webhooks/attio/9` }),
        remote({ webhookId: "other", target_url: `${PUBLIC_URL}/webhooks/attio/9/x` }),
        remote({ webhookId: "foreign", target_url: "https://mirror.example.com.evil.com/webhooks/attio/1" }),
      ],
    }),
  );
  expect(strays.map(({ id }) => id.webhook_id)).toEqual(["lost"]);
});

test("the next generation is above all that this database or Attio has seen", () => {
  expect(nextGeneration(situation(), 3)).toBe(4);
  expect(nextGeneration(situation({ remote: [] }), 0)).toBe(1);
  const ahead = remote({ webhookId: "x", target_url: `${PUBLIC_URL}/webhooks/attio/12` });
  expect(nextGeneration(situation({ remote: [ahead] }), 3)).toBe(13);
});

test("a target and its generation belong together", () => {
  expect(targetUrl(PUBLIC_URL, 7)).toBe("https://mirror.example.com/webhooks/attio/7");
  expect(generationIn(PUBLIC_URL, targetUrl(PUBLIC_URL, 7))).toBe(7);
  expect(generationIn(PUBLIC_URL, "https://mirror.example.com/webhooks/attio/0")).toBeNull();
});

test("subscriptions cover all 27 event types", () => {
  expect(buildSubscriptions(null)).toHaveLength(27);
  expect(new Set(buildSubscriptions("me").map(({ filter }) => JSON.stringify(filter)))).toEqual(
    new Set(['{"$and":[{"field":"actor.id","operator":"not_equals","value":"me"}]}']),
  );
});

describe("subscriptions are the same", () => {
  const a = { field: "actor.id", operator: "equals", value: "a" };
  const b = { field: "actor.id", operator: "equals", value: "b" };
  const same = (one: unknown, other: unknown) =>
    sameSubscriptions(
      [{ event_type: "record.created", filter: one }],
      [{ event_type: "record.created", filter: other }],
    );

  test.each([
    [null, { $and: [] }],
    [{ $and: [a, b] }, { $and: [b, a] }],
    [{ $or: [a] }, { $or: [{ value: "a", operator: "equals", field: "actor.id" }] }],
  ])("%j and %j", (one, other) => {
    expect(same(one, other)).toBe(true);
  });

  test.each([
    [null, { $or: [] }],
    [{ $and: [a] }, { $and: [b] }],
    [{ $and: [a] }, { $or: [a] }],
    [{ $and: [a] }, null],
  ])("not %j and %j", (one, other) => {
    expect(same(one, other)).toBe(false);
  });
});
