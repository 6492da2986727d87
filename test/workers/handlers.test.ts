import { expect, test } from "vitest";
import { wantChore } from "../../src/db/queries/chores.ts";
import { silentLog } from "../../src/logger.ts";
import { createHandler } from "../../src/workers/handlers.ts";
import { choreJob } from "../../src/workers/queues.ts";
import { startMirror } from "../support/mirror.ts";

test("a chore that was queued again while it was done is not done twice", async () => {
  const { deps } = await startMirror({ sandbox: { seed: "empty" } });
  const { sql } = deps.db;
  let times = 0;
  const handle = createHandler({
    live: deps,
    bulk: deps,
    backfill: () => Promise.resolve(),
    relay: { add: () => Promise.resolve(), pushIn: () => undefined },
    log: silentLog,
    signal: new AbortController().signal,
    startedAtMs: Date.now(),
    seeToWebhook: () => {
      times += 1;
      return Promise.resolve();
    },
    history: "off",
    eventRetentionDays: 7,
  });
  await wantChore(sql, "webhook");
  await handle(choreJob("webhook"));
  await handle(choreJob("webhook"));
  expect(times).toBe(1);
  await wantChore(sql, "webhook");
  await handle(choreJob("webhook"));
  expect(times).toBe(2);
});
