import { expect, onTestFinished, test } from "vitest";
import { silentLog } from "../../src/logger.ts";
import type { QueueBackend } from "../../src/workers/connection.ts";
import { startRelay } from "../../src/workers/relay.ts";
import { startMirror } from "../support/mirror.ts";

test("a local change that will be due is queued then, without being looked for", async () => {
  const { db } = await startMirror({ sandbox: { seed: "empty" } });
  const queued: string[] = [];
  const queue = {
    add: ({ name }: { name: string }) => {
      queued.push(name);
      return Promise.resolve();
    },
  };
  const backend = { queue: () => queue } as unknown as QueueBackend;
  const relay = startRelay(
    { sql: db.sql, backend, log: silentLog },
    { startedAtMs: Date.now(), hears: true, pushes: true },
  );
  onTestFinished(() => relay.close());
  const beganMs = performance.now();
  relay.pushIn(3_000);
  relay.pushIn(200);
  // Nothing waits in the database: no look finds it.
  await expect.poll(() => queued.filter((name) => name === "push"), { timeout: 10_000 }).toHaveLength(1);
  expect(performance.now() - beganMs).toBeGreaterThanOrEqual(199);
});
