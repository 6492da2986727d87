import { expect, test } from "vitest";
import type { WebhookSecret } from "../../src/db/queries/webhooks.ts";
import { createSecretRing } from "../../src/webhooks/secret-ring.ts";

function ringOf(secrets: WebhookSecret[]) {
  const state = { secrets, now: 0, reads: 0, isDown: false };
  const load = () => {
    state.reads++;
    return state.isDown ? Promise.reject(new Error("away")) : Promise.resolve([...state.secrets]);
  };
  const ring = createSecretRing(load, { now: () => state.now });
  const accepts = (secret: string, generation = 1) => ring.accepts(generation, (one) => one === secret);
  return { state, accepts, ring };
}

test("an unknown signature makes it read the table again, at most once a second", async () => {
  const { state, accepts } = ringOf([{ generation: 1, secret: "a" }]);
  expect(await accepts("a")).toBe(true);
  for (let i = 0; i < 1000; i++) expect(await accepts("x")).toBe(false);
  expect(state.reads).toBe(1);
  state.secrets.push({ generation: 2, secret: "b" });
  expect(await accepts("b", 2)).toBe(false);
  state.now = 1_000;
  expect(await accepts("b", 2)).toBe(true);
  expect(state.reads).toBe(2);
});

test("many unknown signatures at once wait for one reading", async () => {
  const { state, accepts } = ringOf([{ generation: 1, secret: "a" }]);
  expect(await Promise.all(Array.from({ length: 50 }, () => accepts("a")))).toEqual(Array(50).fill(true));
  expect(state.reads).toBe(1);
});

test("the secrets of a delivery's own generation are tried first", async () => {
  const secrets = [3, 2, 1].map((generation) => ({ generation, secret: `s${generation}` }));
  const { ring, accepts } = ringOf(secrets);
  await accepts("s1");
  const tried: string[] = [];
  await ring.accepts(2, (secret) => {
    tried.push(secret);
    return false;
  });
  expect(tried).toEqual(["s2", "s3", "s1"]);
});

test("a removed webhook's secret is good for no longer than half a minute", async () => {
  const { state, accepts } = ringOf([{ generation: 1, secret: "a" }]);
  expect(await accepts("a")).toBe(true);
  state.secrets = [{ generation: 2, secret: "b" }];
  state.now = 29_999;
  expect(await accepts("a")).toBe(true);
  state.now = 30_000;
  expect(await accepts("a")).toBe(false);
});

test("known secrets stay good while the table can't be read; about others there is no telling", async () => {
  const { state, accepts } = ringOf([{ generation: 1, secret: "a" }]);
  expect(await accepts("a")).toBe(true);
  state.isDown = true;
  state.now = 60_000;
  expect(await accepts("a")).toBe(true);
  await expect(accepts("b")).rejects.toThrow("away");
  await expect(accepts("b")).rejects.toThrow("away");
  expect(state.reads).toBe(2);
});
