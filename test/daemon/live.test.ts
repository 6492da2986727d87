import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSandbox, type Sandbox } from "../../src/sandbox/index.ts";
import {
  eventually,
  makeHome,
  mirrored,
  quiet,
  ready,
  type Home,
  type TestDaemon,
} from "../support/daemon.ts";
import { findDifferences } from "../support/oracle.ts";
import { canStartRedis, startTestRedis, type TestRedis } from "../support/redis.ts";

const hasRedis = canStartRedis();

test.runIf(process.env["REQUIRE_REDIS"] === "1")("a Redis is there for the tests that need one", () => {
  expect(hasRedis).toBe(true);
});

describe.each(["postgres", "redis"] as const)("a daemon whose queue is in %s", (kind) => {
  describe.skipIf(kind === "redis" && !hasRedis)("with its workspace", () => {
    let redis: TestRedis | undefined;
    let sandbox: Sandbox;
    let home: Home;

    beforeAll(async () => {
      redis = kind === "redis" ? await startTestRedis() : undefined;
      sandbox = await startSandbox({ webhooks: { perSecond: 200, firstRetryMs: 50 } });
      home = await makeHome(sandbox, redis === undefined ? {} : { redisUrl: redis.url });
      home.start();
      await ready(home.origin);
      await mirrored(home.db);
    });
    afterAll(async () => {
      await home.close();
      await sandbox.close();
      await redis?.stop();
    });

    test("mirrors everything by itself, and says that it is well", async () => {
      expect(await findDifferences(sandbox, home.db.sql)).toEqual([]);
      expect((await fetch(`${home.origin}/healthz`)).status).toBe(200);
      expect((await fetch(`${home.origin}/nothing`)).status).toBe(404);
    });

    test("is equal again after colleagues worked and webhooks were duplicated, reordered and delayed", async () => {
      sandbox.webhooks.faults.add({ kind: "duplicate", after: 3, times: 20 });
      sandbox.webhooks.faults.add({ kind: "reorder", behind: 5, times: 20 });
      sandbox.webhooks.faults.add({ kind: "delay", ms: 300, times: 20 });
      sandbox.colleagues({ seed: 7 }).work(150);
      await quiet(home.db, sandbox);
      expect(await findDifferences(sandbox, home.db.sql)).toEqual([]);
    });
  });
});
