import { expect, test } from "vitest";
import { crawlPastValues } from "../../src/sync/history/past-values.ts";
import { deliverEvents, drain } from "../support/live.ts";
import { startMirror, type Mirror } from "../support/mirror.ts";

/** Two changes in one millisecond have no order that a test could rely on. */
async function nextMillisecond(): Promise<void> {
  for (const now = Date.now(); Date.now() === now;) await new Promise(setImmediate);
}

test("past stages are read once, and again only for records whose stage changed", async () => {
  const mirror = await startMirror({ sandbox: { seed: { people: 5, companies: 5, deals: 12, seed: 3 } } });
  const { store } = mirror.sandbox;
  const [deal] = store.records("deals");
  if (deal === undefined) throw new Error("no deals");
  for (const stage of ["In Progress", "Lead", "Lost"]) {
    store.updateRecord("deals", deal.id, { stage });
    await nextMillisecond();
  }
  await mirror.backfill({ streams: ["deals"] });

  const first = await crawlPastValues(mirror.deps, "deals.stage");
  expect(first.left).toBe(0);
  expect(first.records).toBeGreaterThan(0);
  expect((await stagesOf(mirror, deal.id)).slice(-3)).toEqual(["In Progress", "Lead", "Lost"]);
  expect((await crawlPastValues(mirror.deps, "deals.stage")).records).toBe(0);

  const { settled } = deliverEvents(mirror);
  store.updateRecord("deals", deal.id, { stage: "In Progress" });
  await settled();
  await drain(mirror);
  expect((await crawlPastValues(mirror.deps, "status")).records).toBe(1);
  expect((await stagesOf(mirror, deal.id)).slice(-2)).toEqual(["Lost", "In Progress"]);
});

test("a change that the crawl saw first is in the history once", async () => {
  const { mirror, deal, settled } = await startDeal();
  mirror.sandbox.store.updateRecord("deals", deal, { stage: "Dropped" });
  await crawlPastValues(mirror.deps, "deals.stage");
  await settled();
  await drain(mirror);
  expect((await stagesOf(mirror, deal)).filter((stage) => stage === "Dropped")).toHaveLength(1);
});

test("history: one that was asked for before a change was applied does not undo it", async () => {
  const { mirror, deal, settled } = await startDeal();
  const { sandbox } = mirror;
  sandbox.faults.add({ kind: "late", ms: 1_500, path: `${deal}/attributes`, times: 1 });
  const asked = new Promise<void>((resolve) => {
    sandbox.onRequest(({ path }) => {
      if (path.includes(`${deal}/attributes`)) resolve();
    });
  });
  const crawl = crawlPastValues(mirror.deps, "deals.stage");
  await asked;
  // Answered after the history was made up, since it was sent after it was asked for.
  await mirror.client.self();
  sandbox.store.updateRecord("deals", deal, { stage: "Dropped" });
  await settled();
  await drain(mirror);
  await crawl;
  expect(await stagesOf(mirror, deal)).toContain("Dropped");
  await crawlPastValues(mirror.deps, "deals.stage");
  expect((await stagesOf(mirror, deal)).filter((stage) => stage === "Dropped")).toHaveLength(1);
});

test("a list that loses a member gets an interval of its own, which does not begin before the one before it", async () => {
  const mirror = await startMirror({ sandbox: { seed: { people: 5, companies: 5, deals: 3, seed: 3 } } });
  const { store } = mirror.sandbox;
  const [company] = store.records("companies");
  if (company === undefined) throw new Error("no companies");
  store.updateItem(company, { categories: ["B2B"] });
  await mirror.backfill({ streams: ["companies"] });
  const { settled } = deliverEvents(mirror);
  // The first two are seen one by one; of the last two, the one between is not.
  for (const lists of [[["B2B", "SaaS"]], [["B2B"]], [["B2B", "Health"]], [["Health"], []], [["B2C"]]]) {
    for (const categories of lists) {
      await nextMillisecond();
      store.updateItem(company, { categories });
    }
    await settled();
    await drain(mirror);
  }
  const rows = await mirror.db.sql<{ value: string[]; from: number | null; until: number | null }[]>`
    SELECT value, extract(epoch FROM active_from)::float8 AS from, extract(epoch FROM active_until)::float8 AS until FROM attio.value_history
    WHERE record_id = ${company.id} AND attribute = 'categories' ORDER BY active_from NULLS FIRST, id`;
  expect(rows.map(({ value }) => value)).toEqual([
    ["B2B"],
    ["B2B", "SaaS"],
    ["B2B"],
    ["B2B", "Health"],
    ["B2C"],
  ]);
  for (const [place, { until }] of rows.entries()) {
    const next = rows[place + 1];
    if (next === undefined) expect(until).toBe(null);
    else expect(until).toBeLessThanOrEqual(next.from ?? NaN);
  }
});

/** A mirror of a workspace with deals. */
async function startDeal(): Promise<{ mirror: Mirror; deal: string; settled: () => Promise<void> }> {
  const mirror = await startMirror({ sandbox: { seed: { people: 5, companies: 5, deals: 3, seed: 3 } } });
  const [deal] = mirror.sandbox.store.records("deals");
  if (deal === undefined) throw new Error("no deals");
  // No deal has had it yet.
  mirror.sandbox.store.createStatus("deals", "stage", "Dropped");
  await mirror.backfill({ streams: ["deals"] });
  const { settled } = deliverEvents(mirror);
  return { mirror, deal: deal.id, settled };
}

async function stagesOf({ db }: Mirror, deal: string): Promise<string[]> {
  const rows = await db.sql<{ status: string }[]>`
    SELECT status FROM attio.stage_durations WHERE record_id = ${deal} ORDER BY entered_at, left_at NULLS LAST`;
  return rows.map((row) => row.status);
}
