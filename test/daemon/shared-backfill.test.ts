import { describe, expect, onTestFinished, test } from "vitest";
import { tickChore } from "../../src/db/queries/chores.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { eventually, makeHome, mirrored, ready } from "../support/daemon.ts";
import { findDifferences } from "../support/oracle.ts";
import { canStartRedis, startTestRedis } from "../support/redis.ts";

const hasRedis = canStartRedis();

interface ReadRun {
  stream: string;
  holder: string;
  startedAt: string;
  finishedAt: string;
}

describe.each(["postgres", "redis"] as const)("two daemons whose queue is in %s", (kind) => {
  // Without a redis-server or REDIS_URL there is none to be had.
  test.skipIf(kind === "redis" && !hasRedis)(
    "share the streams of a backfill: each is read once, parents before what is found through them",
    async () => {
      const redis = kind === "redis" ? await startTestRedis() : undefined;
      const sandbox = await startSandbox({ seed: { people: 12, companies: 6, deals: 4, seed: 3 } });
      const home = await makeHome(sandbox, redis === undefined ? {} : { redisUrl: redis.url });
      onTestFinished(async () => {
        await home.close();
        await sandbox.close();
        await redis?.stop();
      });
      home.start();
      await ready(home.origin);
      await mirrored(home.db);
      const second = home.start({ roles: ["worker"] });
      await eventually(
        () => Promise.resolve(second.log()),
        (log) => log.includes("the daemon runs"),
      );

      sandbox.faults.add({ kind: "slow", ms: 250, path: /\/query$/ });
      const [last] = await home.db.sql<{ id: number }[]>`SELECT max(id) AS id FROM attio_sync.runs`;
      await tickChore(home.db.sql, "backfill");
      const runs = await eventually(
        () => home.db.sql<ReadRun[]>`
          SELECT s.stream, r.holder, r.started_at::text AS "startedAt", r.finished_at::text AS "finishedAt"
          FROM attio_sync.streams s LEFT JOIN attio_sync.runs r
            ON r.stream = s.stream AND r.state = 'done' AND r.id > ${last?.id ?? 0}
          WHERE s.state = 'ok' AND s.stream <> 'threads'`,
        (seen) => seen.every(({ holder }) => (holder as string | null) !== null),
      );

      const streams = runs.map(({ stream }) => stream);
      expect(streams, "each is read once").toEqual([...new Set(streams)]);
      expect(new Set(runs.map(({ holder }) => holder)).size, "by both").toBeGreaterThan(1);
      const children = runs.filter(({ stream }) => ["comments", "files", "call_recordings"].includes(stream));
      const parents = runs.filter((run) => !children.includes(run));
      expect(children).toHaveLength(3);
      const lastParent = parents.map(({ finishedAt }) => finishedAt).reduce((a, b) => (a > b ? a : b));
      for (const { stream, startedAt } of children) expect(startedAt > lastParent, stream).toBe(true);
      expect(await findDifferences(sandbox, home.db.sql)).toEqual([]);
    },
    400_000,
  );
});
