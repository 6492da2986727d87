import { describe, expect, test } from "vitest";
import { ATTIO_RATE_LIMIT } from "../../src/sandbox/index.ts";
import { look, looks, start } from "./support.ts";

const COMPANIES = "/v2/objects/companies/records";
const named = (name: string): object => ({ data: { values: { name } } });

describe("a write whose answer is not seen", () => {
  test("lost: done at once, the log tells what became of it", async () => {
    const { sandbox, request } = await start();
    sandbox.faults.add({ kind: "lost", method: "POST", path: /\/records$/, times: 1 });
    await expect(request("POST", COMPANIES, named("Acme"))).rejects.toThrow();
    expect(sandbox.store.records("companies")).toHaveLength(1);
    expect(sandbox.log.filter({ kind: "write", effect: 200 })).toMatchObject([
      { method: "POST", path: COMPANIES, status: 0, actor: { type: "api-token", id: sandbox.access.id } },
    ]);
  });

  test("late effect: whoever looks at once sees nothing, later it is there, found by actor and time", async () => {
    const { sandbox, request } = await start();
    const sentAt = new Date().toISOString();
    sandbox.faults.add({ kind: "late-effect", ms: 800, method: "POST", path: /\/records$/, times: 1 });
    await expect(request("POST", COMPANIES, named("Acme"))).rejects.toThrow();
    const ours = { referenced_actor_type: "api-token", referenced_actor_id: sandbox.access.id };
    const query = { filter: { created_at: { $gte: sentAt }, created_by: ours } };
    const find = async (): Promise<unknown[]> =>
      looks(await request("POST", `${COMPANIES}/query`, query), "data.*.values.name.0.value");
    expect(await find()).toEqual([]);
    expect(sandbox.log.filter({ kind: "write" })[0]).toMatchObject({ status: 0, effect: undefined });
    await expect.poll(find, { timeout: 5000 }).toEqual(["Acme"]);
    expect(sandbox.log.filter({ kind: "write" })[0]).toMatchObject({ status: 0, effect: 200 });
  });

  test("slow: the client may give up first, the write is done all the same", async () => {
    const { sandbox } = await start();
    sandbox.faults.add({ kind: "slow", ms: 800, times: 1 });
    const giveUp = new AbortController();
    sandbox.onRequest(() => giveUp.abort());
    const impatient = fetch(sandbox.url + COMPANIES, {
      method: "POST",
      headers: { authorization: `Bearer ${sandbox.token}`, "content-type": "application/json" },
      body: JSON.stringify(named("Acme")),
      signal: giveUp.signal,
    });
    await expect(impatient).rejects.toThrow();
    expect(sandbox.store.records("companies")).toHaveLength(0);
    await expect.poll(() => sandbox.store.records("companies").length, { timeout: 5000 }).toBe(1);
  });

  test("late: done at once, answered later", async () => {
    const { sandbox, request } = await start();
    sandbox.faults.add({ kind: "late", ms: 1000, times: 1 });
    let isAnswered = false;
    const answer = request("POST", COMPANIES, named("Acme")).finally(() => {
      isAnswered = true;
    });
    await expect
      .poll(() => sandbox.store.records("companies").length, { timeout: 5000, interval: 10 })
      .toBe(1);
    expect(isAnswered).toBe(false);
    expect((await answer).status).toBe(200);
  });
});

test("a fault can refuse with a code of Attio's, every so many-th time, and nothing is done", async () => {
  const { sandbox, request } = await start();
  sandbox.faults.add({ kind: "refusal", code: "concurrent_write_conflict", method: "POST", every: 3 });
  const statuses = [];
  for (let index = 0; index < 5; index++)
    statuses.push((await request("POST", COMPANIES, named(`C${index}`))).status);
  expect(statuses).toEqual([409, 200, 200, 409, 200]);
  expect(sandbox.store.records("companies")).toHaveLength(3);
  sandbox.faults.clear();
  const refused = {
    concurrent_write_conflict: 409,
    particle_gate_violation: 400,
    standard_object_disabled: 400,
    quota_exceeded: 403,
    billing_error: 403,
  } as const;
  for (const [code, status] of Object.entries(refused)) {
    sandbox.faults.add({ kind: "refusal", code: code as keyof typeof refused, times: 1 });
    const answer = await request("POST", COMPANIES, named("Refused"));
    expect(answer).toMatchObject({ status, body: { code, status_code: status } });
  }
});

test("of writes of one record that are validated at the same time one is done, the others are 409 and leave nothing", async () => {
  const { sandbox, request } = await start({ seed: "empty", quirks: { validationMs: 200 } });
  const { store } = sandbox;
  const [one, other] = ["One", "Other"].map((name) => store.createRecord("companies", { name }).id);
  const patch = async (id = "", description = "") =>
    (await request("PATCH", `${COMPANIES}/${id}`, { data: { values: { description } } })).status;
  expect((await Promise.all([patch(one, "a"), patch(one, "b")])).toSorted()).toEqual([200, 409]);
  expect(store.values(store.record("companies", one ?? ""), "description").past).toEqual([]);
  expect(await Promise.all([patch(one, "c"), patch(other, "d")])).toEqual([200, 200]);
});

test("a fault can be aimed at a body", async () => {
  const { sandbox, request } = await start();
  sandbox.faults.add({ kind: "status", status: 400, holds: '"name":"Bad"' });
  expect((await request("POST", COMPANIES, named("Good"))).status).toBe(200);
  expect((await request("POST", COMPANIES, named("Bad"))).status).toBe(400);
});

test("the log holds whose writes came, when and with what result", async () => {
  const { sandbox, request } = await start();
  const made = await request("POST", COMPANIES, named("Acme"));
  const path = `${COMPANIES}/${String(look(made, "data.id.record_id"))}`;
  await request("POST", `${COMPANIES}/query`, {});
  await request("PATCH", path, { data: { values: { nope: 1 } } });
  await request("DELETE", path, undefined, { authorization: "Bearer wrong" });
  const actor = { type: "api-token", id: sandbox.access.id };
  const writes = sandbox.log.filter({ kind: "write" });
  expect(writes).toMatchObject([
    { method: "POST", path: COMPANIES, status: 200, effect: 200, actor, body: named("Acme") },
    { method: "PATCH", path, status: 400, actor },
    { method: "DELETE", path, status: 401, actor: undefined },
  ]);
  expect(writes.every((one) => Math.abs(Date.now() - one.startedAtMs) < 60_000)).toBe(true);
});

test("above 25 writes in a second the rest is 429 with an HTTP date, and undone", async () => {
  const { sandbox, request } = await start({ seed: "empty", rateLimit: ATTIO_RATE_LIMIT });
  const second = (): number => Math.floor(Date.now() / 1000);
  const first = second();
  const answers = await Promise.all(
    Array.from({ length: 120 }, (_, index) => request("POST", COMPANIES, named(`C${index}`))),
  );
  const done = answers.filter(({ status }) => status === 200);
  const [refused] = answers.filter(({ status }) => status === 429);
  expect(sandbox.store.records("companies")).toHaveLength(done.length);
  expect(done.length).toBeGreaterThanOrEqual(25);
  expect(done.length).toBeLessThanOrEqual(25 * (second() - first + 1));
  expect(refused?.body).toMatchObject({
    status_code: 429,
    type: "rate_limit_error",
    code: "rate_limit_exceeded",
  });
  const retryAfter = refused?.headers.get("retry-after") ?? "";
  expect(retryAfter).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
  expect(Date.parse(retryAfter) - Date.now()).toBeLessThanOrEqual(1000);
});
