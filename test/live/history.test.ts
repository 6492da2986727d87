import { expect, test } from "vitest";
import { crawlPastValues } from "../../src/sync/history/past-values.ts";
import { deliverEvents, drain } from "../support/live.ts";
import { startMirror } from "../support/mirror.ts";

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
  expect((await stages()).slice(-3)).toEqual(["In Progress", "Lead", "Lost"]);
  expect((await crawlPastValues(mirror.deps, "deals.stage")).records).toBe(0);

  const { settled } = deliverEvents(mirror);
  store.updateRecord("deals", deal.id, { stage: "In Progress" });
  await settled();
  await drain(mirror);
  expect((await crawlPastValues(mirror.deps, "status")).records).toBe(1);
  expect((await stages()).slice(-2)).toEqual(["Lost", "In Progress"]);

  async function stages(): Promise<string[]> {
    const rows = await mirror.db.sql<{ status: string }[]>`
      SELECT status FROM attio.stage_durations WHERE record_id = ${deal?.id ?? ""}
      ORDER BY entered_at, left_at NULLS LAST`;
    return rows.map((row) => row.status);
  }
});
