import { describe, expect, it } from "vitest";
import { Gate } from "../../src/attio/gate.ts";
import { QueryLimiter } from "../../src/attio/query-limiter.ts";
import { json } from "./support/server.ts";
import { pair } from "./support/clients.ts";

/** Lets everything that is ready to run, run. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("gate", () => {
  it("keeps its reserve for interactive work", async () => {
    const gate = new Gate(() => 3, { reserved: 1 });
    const entered: string[] = [];
    const enter = async (name: string, priority: "interactive" | "backfill") => {
      const leave = await gate.acquire(priority);
      entered.push(name);
      return leave;
    };
    const backfills = ["b1", "b2", "b3"].map((name) => enter(name, "backfill"));
    void enter("i1", "interactive");
    void enter("i2", "interactive");
    await settled();
    expect(entered).toEqual(["b1", "b2", "i1"]);
    (await backfills[0])?.();
    await settled();
    expect(entered).toEqual(["b1", "b2", "i1", "i2"]);
    (await backfills[1])?.();
    await settled();
    expect(gate.active).toBe(2);
    expect(gate.waiting).toBe(1);
  });

  it("counts a place given back twice once", async () => {
    const gate = new Gate(() => 1);
    const leave = await gate.acquire("backfill");
    leave();
    leave();
    expect(gate.active).toBe(0);
  });

  it("never lets an aborted caller keep a place", async () => {
    const gate = new Gate(() => 1);
    const leave = await gate.acquire("backfill");
    const controller = new AbortController();
    const aborted = gate.acquire("backfill", controller.signal);
    controller.abort(new Error("stop"));
    await expect(aborted).rejects.toThrow("stop");
    leave();
    await expect(gate.acquire("backfill")).resolves.toBeTypeOf("function");
  });
});

describe("query limiter", () => {
  async function succeed(limiter: QueryLimiter, count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) (await limiter.acquire("interactive")).release("success");
  }

  it("starts at 4, grows by one each 20 successes and stops at 8", async () => {
    const limiter = new QueryLimiter();
    expect(limiter.state.limit).toBe(4);
    await succeed(limiter, 19);
    expect(limiter.state.limit).toBe(4);
    await succeed(limiter, 1);
    expect(limiter.state.limit).toBe(5);
    await succeed(limiter, 200);
    expect(limiter.state.limit).toBe(8);
  });

  it("halves once for a burst of refusals, and never below one", async () => {
    const limiter = new QueryLimiter();
    const permits = await Promise.all([1, 2, 3, 4].map(() => limiter.acquire("interactive")));
    for (const permit of permits) permit.release("rate_limited");
    expect(limiter.state).toEqual({ limit: 2, active: 0, waiting: 0 });
    for (let index = 0; index < 3; index += 1) (await limiter.acquire("backfill")).release("rate_limited");
    expect(limiter.state.limit).toBe(1);
  });
});

describe("client", () => {
  it("runs at most so many queries and reads at a time, and still gets through", async () => {
    let running = 0;
    let most = 0;
    const { client } = await pair((_, response) => {
      running += 1;
      most = Math.max(most, running);
      setImmediate(() => {
        running -= 1;
        json(response, 200, { data: [] });
      });
    });
    await Promise.all(Array.from({ length: 12 }, () => client.records.query("people")));
    expect(most).toBeLessThanOrEqual(4);
    expect(client.queryConcurrency()).toEqual({ limit: 4, active: 0, waiting: 0 });
  });

  it("halves its queries after a 429", async () => {
    const { client } = await pair((_, response, attempt) =>
      json(response, attempt === 1 ? 429 : 200, { data: [] }),
    );
    await client.records.query("people");
    expect(client.queryConcurrency().limit).toBe(2);
  });

  it("keeps to an endpoint's own limit without holding up other writes", async () => {
    const controller = new AbortController();
    const { client, server } = await pair((_, response) => json(response, 204, {}), { concurrency: 1 });
    const merge = () =>
      client.records
        .merge("people", { primaryRecordId: "a", secondaryRecordId: "b" }, { signal: controller.signal })
        .catch(() => "ended");
    // Attio allows five merges a second, so the second one waits.
    const merges = [merge(), merge(), merge()];
    await client.notes.delete("n");
    controller.abort();
    expect(await Promise.all(merges)).toEqual(["ended", "ended", "ended"]);
    const urls = server.requests.map(({ url }) => url);
    expect(urls.filter((url) => url.endsWith("/merge"))).toHaveLength(1);
    expect(urls).toContain("/v2/notes/n");
  });
});
