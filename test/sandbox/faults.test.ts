import { describe, expect, test } from "vitest";
import { look, start } from "./support.ts";

describe("faults", () => {
  test("a status comes after so many requests, so many times", async () => {
    const { sandbox, request } = await start();
    const fault = sandbox.faults.add({
      kind: "status",
      status: 503,
      path: "/v2/objects",
      after: 1,
      times: 2,
    });
    const statuses = [];
    for (let index = 0; index < 4; index++) statuses.push((await request("GET", "/v2/objects")).status);
    expect(statuses).toEqual([200, 503, 503, 200]);
    expect(fault.hits).toBe(2);
    expect(sandbox.log.count({ path: "/v2/objects", status: 503 })).toBe(2);
  });

  test("a cut answer breaks the connection, a lost one never comes", async () => {
    const { sandbox, request } = await start({});
    for (const kind of ["cut", "lost", "refuse"] as const) {
      const fault = sandbox.faults.add({ kind });
      await expect(request("GET", "/v2/objects")).rejects.toThrow();
      fault.remove();
    }
    expect((await request("GET", "/v2/objects")).status).toBe(200);
  });

  test("a truncated answer is no JSON, HTML is HTML, a short listing is valid", async () => {
    const { sandbox, request } = await start({});
    sandbox.faults.add({ kind: "truncate", times: 1 });
    expect((await request("GET", "/v2/objects")).body).toBeTypeOf("string");
    sandbox.faults.add({ kind: "html", status: 502, times: 1 });
    expect(await request("GET", "/v2/objects")).toMatchObject({ status: 502 });
    sandbox.faults.add({ kind: "short", items: 3, times: 1 });
    expect(look(await request("POST", "/v2/objects/people/records/query", {}), "data")).toHaveLength(3);
  });

  test("a hanging request can be aborted and doesn't hold up closing", async () => {
    const { sandbox } = await start();
    sandbox.faults.add({ kind: "hang" });
    const abort = new AbortController();
    const aborted = fetch(`${sandbox.url}/v2/objects`, { signal: abort.signal }).catch(() => "aborted");
    await expect.poll(() => sandbox.log.count()).toBe(1);
    abort.abort();
    expect(await aborted).toBe("aborted");
    const hanging = fetch(`${sandbox.url}/v2/objects`).catch(() => "closed");
    await expect.poll(() => sandbox.log.count()).toBe(2);
    await sandbox.close();
    expect(await hanging).toBe("closed");
  });

  test("an observer may change the workspace before the answer", async () => {
    const { sandbox, request } = await start();
    const undo = sandbox.onRequest(({ path }) => {
      if (path.endsWith("/query")) sandbox.store.createRecord("companies", { name: "New" });
    });
    expect(look(await request("POST", "/v2/objects/companies/records/query", {}), "data")).toHaveLength(1);
    undo();
    expect(look(await request("POST", "/v2/objects/companies/records/query", {}), "data")).toHaveLength(1);
  });
});

test("a change after the answer was settled doesn't show in it", async () => {
  const { sandbox, request } = await start();
  const acme = sandbox.store.createRecord("companies", { name: "Old" });
  sandbox.onAnswer(() => void sandbox.store.updateRecord("companies", acme.id, { name: "New" }));
  const path = `/v2/objects/companies/records/${acme.id}`;
  expect(look(await request("GET", path), "data.values.name.0.value")).toBe("Old");
  expect(look(await request("GET", path), "data.values.name.0.value")).toBe("New");
});

test("above the rate the answer is 429 with an HTTP date", async () => {
  const { request } = await start({ seed: "empty", rateLimit: { readsPerSecond: 3, writesPerSecond: 1 } });
  const answers = await Promise.all(Array.from({ length: 10 }, () => request("GET", "/v2/objects")));
  const refused = answers.find((answer) => answer.status === 429);
  expect(refused?.body).toMatchObject({ type: "rate_limit_error", code: "rate_limit_exceeded" });
  expect(refused?.headers.get("retry-after")).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
});
