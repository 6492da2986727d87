import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLocalBudget, type Budget, type Priority, type RequestKind } from "../../src/attio/index.ts";

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

/** Asks `count` times at once and collects when each was granted, in milliseconds from now. */
function ask(budget: Budget, kind: RequestKind, count: number, priority: Priority = "interactive"): number[] {
  const start = Date.now();
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    void budget.acquire(kind, { priority }).then(() => times.push(Date.now() - start));
  }
  return times;
}

describe("local budget", () => {
  it("grants a tenth of a second's worth at once, and the rest at its rate", async () => {
    const times = ask(createLocalBudget({ readsPerSecond: 80, writesPerSecond: 20 }), "read", 88);
    await vi.advanceTimersByTimeAsync(0);
    expect(times).toHaveLength(8);
    await vi.advanceTimersByTimeAsync(500);
    expect(times).toHaveLength(48);
    await vi.advanceTimersByTimeAsync(500);
    expect(times).toHaveLength(88);
  });

  it("keeps reads and writes apart", async () => {
    const budget = createLocalBudget({ readsPerSecond: 10, writesPerSecond: 10 });
    const reads = ask(budget, "read", 5);
    const writes = ask(budget, "write", 1);
    await vi.advanceTimersByTimeAsync(0);
    expect([reads.length, writes.length]).toEqual([1, 1]);
  });

  it("serves interactive work first", async () => {
    const budget = createLocalBudget({ readsPerSecond: 10, writesPerSecond: 10 });
    const backfill = ask(budget, "read", 3, "backfill");
    const interactive = ask(budget, "read", 3);
    await vi.advanceTimersByTimeAsync(1000);
    expect(interactive).toEqual([100, 200, 300]);
    expect(backfill).toEqual([0, 400, 500]);
  });

  it("serves a bulk and interactive work by turns, and backfills after both", async () => {
    const budget = createLocalBudget({ readsPerSecond: 10, writesPerSecond: 10 });
    const backfill = ask(budget, "write", 2, "backfill");
    const bulk = ask(budget, "write", 4, "bulk");
    const interactive = ask(budget, "write", 2);
    await vi.advanceTimersByTimeAsync(1000);
    expect(interactive).toEqual([100, 300]);
    expect(bulk).toEqual([200, 400, 500, 600]);
    expect(backfill).toEqual([0, 700]);
  });

  it("serves interactive work at once that comes while a bulk alone has been served", async () => {
    const budget = createLocalBudget({ readsPerSecond: 10, writesPerSecond: 10 });
    const bulk = ask(budget, "write", 6, "bulk");
    await vi.advanceTimersByTimeAsync(250);
    expect(bulk).toEqual([0, 100, 200]);
    const interactive = ask(budget, "write", 1);
    await vi.advanceTimersByTimeAsync(50);
    expect(interactive).toEqual([50]);
  });

  it("grants nothing during a pause, and no burst after it", async () => {
    const budget = createLocalBudget({ readsPerSecond: 80, writesPerSecond: 20 });
    await budget.pauseUntil(Date.now() + 2000);
    await budget.pauseUntil(Date.now() + 1000);
    const times = ask(budget, "read", 4);
    await vi.advanceTimersByTimeAsync(1999);
    expect(times).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    expect(times).toEqual([2000, 2013, 2025, 2038]);
  });

  it("delays those who wait already when a pause comes", async () => {
    const budget = createLocalBudget({ readsPerSecond: 10, writesPerSecond: 10 });
    const times = ask(budget, "read", 2);
    await vi.advanceTimersByTimeAsync(50);
    await budget.pauseUntil(Date.now() + 1000);
    await vi.advanceTimersByTimeAsync(2000);
    expect(times).toEqual([0, 1050]);
  });

  it("lets an aborted caller go at once, and gives its turn to the next", async () => {
    const budget = createLocalBudget({ readsPerSecond: 10, writesPerSecond: 10 });
    await budget.acquire("read", { priority: "interactive" });
    const controller = new AbortController();
    const aborted = budget.acquire("read", { priority: "interactive", signal: controller.signal });
    const times = ask(budget, "read", 1);
    const reason = new Error("stop");
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    await vi.advanceTimersByTimeAsync(100);
    expect(times).toEqual([100]);
  });

  it("goes on when the wall clock is set back", async () => {
    const budget = createLocalBudget({ readsPerSecond: 10, writesPerSecond: 10 });
    await budget.acquire("read", { priority: "interactive" });
    await budget.pauseUntil(Date.now() + 10);
    vi.setSystemTime(0);
    const times = ask(budget, "read", 1);
    await vi.advanceTimersByTimeAsync(100);
    expect(times).toHaveLength(1);
  });

  it("refuses a rate of nothing", () => {
    expect(() => createLocalBudget({ readsPerSecond: 0, writesPerSecond: 1 })).toThrow(RangeError);
  });
});
