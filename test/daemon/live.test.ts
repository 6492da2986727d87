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

/** Two processes that start at once on a busy machine. */
const START_MS = 120_000;

test.runIf(process.env["REQUIRE_REDIS"] === "1")("a Redis is there for the tests that need one", () => {
  expect(hasRedis).toBe(true);
});

describe.each(["postgres", "redis"] as const)("a daemon whose queue is in %s", (kind) => {
  describe.skipIf(kind === "redis" && !hasRedis)("with its workspace", () => {
    let redis: TestRedis | undefined;
    let sandbox: Sandbox;
    let home: Home;
    let daemons: TestDaemon[];

    beforeAll(async () => {
      redis = kind === "redis" ? await startTestRedis() : undefined;
      sandbox = await startSandbox({ webhooks: { perSecond: 200, firstRetryMs: 50 } });
      home = await makeHome(sandbox, redis === undefined ? {} : { redisUrl: redis.url });
      daemons = [home.start()];
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

    test("goes on with three processes, after one was killed and connections were cut", async () => {
      daemons.push(home.start({ roles: ["worker"] }), home.start({ roles: ["worker", "scheduler"] }));
      const colleagues = sandbox.colleagues({ seed: 8, perSecond: 10 });
      colleagues.start();
      await eventually(
        () => Promise.resolve(daemons.slice(1).every((daemon) => daemon.log().includes("the daemon runs"))),
        (areUp) => areUp,
        START_MS,
      );
      await daemons[1]?.end("SIGKILL");
      await home.db.sql`
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'attio-mirror%'
          AND application_name <> 'attio-mirror'`;
      colleagues.stop();
      await quiet(home.db, sandbox);
      expect(await findDifferences(sandbox, home.db.sql)).toEqual([]);
    }, 240_000);

    test("ends within ten seconds of SIGTERM, and is equal after a restart and the next backfill", async () => {
      const began = performance.now();
      expect(await Promise.all([daemons[0]?.end(), daemons[2]?.end()])).toEqual([0, 0]);
      expect(performance.now() - began).toBeLessThan(10_000);
      sandbox.webhooks.faults.add({ kind: "drop" });
      sandbox.colleagues({ seed: 9 }).work(60);
      sandbox.webhooks.faults.clear();
      // As if the daemon had been away for hours: the watchdog makes good the tick that did not come.
      const [away] = await home.db.sql<{ sinceMs: number }[]>`
        UPDATE attio_sync.settings SET value = value || jsonb_build_object('tickedAt', now() - interval '3 hours')
        WHERE key = 'chore:backfill' RETURNING (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS "sinceMs"`;
      home.start();
      await ready(home.origin);
      await eventually(
        () => home.db.sql`
          SELECT stream FROM attio_sync.streams WHERE state = 'ok' AND stream <> 'threads'
            AND last_backfill_at < to_timestamp(${away?.sinceMs ?? 0}::float8 / 1000)`,
        (streams) => streams.length === 0,
      );
      await quiet(home.db, sandbox);
      expect(await findDifferences(sandbox, home.db.sql)).toEqual([]);
    }, 180_000);
  });
});
