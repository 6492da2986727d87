import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { migrate, openDatabase } from "../../src/db/index.ts";
import { openSharedBudget } from "../../src/sync/shared-budget.ts";
import type { SharedBudget } from "../../src/sync/shared-budget.ts";
import { createTestDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";

let database: TestDatabase;
const opened: SharedBudget[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  const db = await openDatabase(database.url);
  await migrate(db);
  await db.close();
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((budget) => budget.close()));
});

afterAll(() => database.drop());

async function open(readsPerSecond: number): Promise<SharedBudget> {
  const budget = await openSharedBudget(database.url, { readsPerSecond, writesPerSecond: 10 });
  opened.push(budget);
  return budget;
}

const backfill = { priority: "backfill" } as const;

test("two processes together get no more than one budget's worth", async () => {
  const budgets = [await open(100), await open(100)];
  const startedAt = performance.now();
  await Promise.all(
    budgets.flatMap((budget) => Array.from({ length: 30 }, () => budget.acquire("read", backfill))),
  );
  const elapsedMs = performance.now() - startedAt;
  // 60 grants at 100 a second, less what an idle budget has saved up and one slot that is due at once.
  expect(elapsedMs).toBeGreaterThanOrEqual(480);
});

test("a pause that one process was told of holds the other back", async () => {
  const [told, other] = [await open(1000), await open(1000)];
  const startedAt = performance.now();
  await told.pauseUntil(Date.now() + 400);
  await other.acquire("read", backfill);
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(380);
});

test("interactive callers are served before the backfill that queued earlier", async () => {
  const budget = await open(50);
  await Promise.all(Array.from({ length: 5 }, () => budget.acquire("read", backfill)));
  const order: string[] = [];
  const callers = [
    ...Array.from({ length: 20 }, () => budget.acquire("read", backfill).then(() => order.push("backfill"))),
    budget.acquire("read", { priority: "interactive" }).then(() => order.push("interactive")),
  ];
  await Promise.all(callers);
  expect(order.indexOf("interactive")).toBeLessThan(10);
});

test("a caller who gives up leaves the queue", async () => {
  const budget = await open(1);
  await budget.acquire("read", backfill);
  await expect(budget.acquire("read", { ...backfill, signal: AbortSignal.timeout(20) })).rejects.toThrow();
});

test("callers are told when the database is gone", async () => {
  const lost = await createTestDatabase();
  const db = await openDatabase(lost.url);
  await migrate(db);
  await db.close();
  const budget = await openSharedBudget(lost.url, { readsPerSecond: 10, writesPerSecond: 10 });
  await lost.drop();
  await expect(budget.acquire("read", backfill)).rejects.toThrow();
  await budget.close();
});
