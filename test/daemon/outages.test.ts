import { Redis } from "ioredis";
import { mkdtemp, rm, chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startEmbeddedPostgres } from "../../src/embedded/postgres.ts";
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
import { freePort } from "../support/free-port.ts";
import { findDifferences } from "../support/oracle.ts";
import { canStartPrivateRedis, startPrivateRedis, type TestRedis } from "../support/redis.ts";

const SEED = { people: 60, companies: 30, deals: 20, seed: 11 };
const TIMEOUT_MS = 240_000;

/** How long a daemon may take to end. */
const END_MS = 10_000;

let sandbox: Sandbox;
let home: Home | undefined;

beforeEach(async () => {
  sandbox = await startSandbox({ seed: SEED, webhooks: { perSecond: 200, firstRetryMs: 50 } });
});
afterEach(async () => {
  await home?.close();
  home = undefined;
  await sandbox.close();
});

/** Answers to deliveries from one of them on. */
function answersSince(first: number): (number | string)[] {
  return sandbox.webhooks.deliveries
    .slice(first)
    .flatMap(({ attempts }) => attempts.map(({ outcome }) => outcome));
}

async function expectEqual({ db }: Home): Promise<void> {
  await quiet(db, sandbox);
  expect(await findDifferences(sandbox, db.sql)).toEqual([]);
  await expectNothingTwice(db.sql);
}

async function unready({ origin }: Home): Promise<void> {
  await eventually(
    () => fetch(`${origin}/readyz`).then((answer) => answer.status),
    (status) => status === 503,
  );
}

/** Asks a daemon that runs to end, and says how it did. */
async function endOf(daemon: TestDaemon): Promise<{ code: number | null; isInTime: boolean }> {
  await eventually(
    () => Promise.resolve(daemon.log()),
    (log) => log.includes("the daemon runs"),
  );
  const askedAtMs = performance.now();
  const late = setTimeout(() => daemon.signal("SIGKILL"), 2 * END_MS);
  const code = await daemon.end();
  clearTimeout(late);
  return { code, isInTime: performance.now() - askedAtMs < END_MS };
}

/** A change that was applied twice, or an older page over a newer one, would leave a value twice in the history. */
async function expectNothingTwice(sql: Home["db"]["sql"]): Promise<void> {
  expect(
    await sql`
      SELECT object, record_id, attribute, active_from, value, count(*) FROM attio.value_history
      WHERE active_from IS NOT NULL GROUP BY 1, 2, 3, 4, 5 HAVING count(*) > 1`,
  ).toEqual([]);
}

describe.skipIf(!canStartPrivateRedis())("a daemon whose Redis", () => {
  let redis: TestRedis;
  let port: number;

  beforeEach(async () => {
    port = await freePort();
    redis = await startPrivateRedis(port);
    home = await makeHome(sandbox, { redisUrl: redis.url });
  });
  afterEach(() => redis.stop());

  async function live(): Promise<Home> {
    if (home === undefined) throw new Error("there is no home");
    home.start();
    await ready(home.origin);
    await mirrored(home.db);
    await quiet(home.db, sandbox);
    return home;
  }

  test(
    "is flushed again and again goes on, schedules included",
    async () => {
      const at = await live();
      const client = new Redis(redis.url);
      const colleagues = sandbox.colleagues({ seed: 21 });
      for (let round = 0; round < 5; round++) {
        colleagues.work(10);
        await client.flushall();
      }
      await expectEqual(at);
      // Schedules are put back as well, without a restart.
      await eventually(
        () => client.keys("bull:attio-upkeep:repeat*"),
        (keys) => keys.length > 0,
      );
      client.disconnect();
    },
    TIMEOUT_MS,
  );

  test(
    "dies and comes back empty answers every delivery meanwhile, and catches up",
    async () => {
      const at = await live();
      const colleagues = sandbox.colleagues({ seed: 22 });
      const first = sandbox.webhooks.deliveries.length;
      colleagues.work(10);
      await redis.stop();
      colleagues.work(30);
      await unready(at);
      await sandbox.webhooks.idle();
      expect(new Set(answersSince(first))).toEqual(new Set([200]));
      redis = await startPrivateRedis(port);
      await expectEqual(at);
      await ready(at.origin);
    },
    TIMEOUT_MS,
  );

  test(
    "is not there at the start ends in time when it is asked to",
    async () => {
      await redis.stop();
      expect(await endOf((home as Home).start())).toEqual({ code: 0, isInTime: true });
    },
    TIMEOUT_MS,
  );

  test(
    "is not there any more ends in time when it is asked to",
    async () => {
      const at = home as Home;
      const daemon = at.start();
      await ready(at.origin);
      await redis.stop();
      await unready(at);
      expect(await endOf(daemon)).toEqual({ code: 0, isInTime: true });
    },
    TIMEOUT_MS,
  );

  test(
    "is not there at the start takes deliveries, and begins once it is",
    async () => {
      await redis.stop();
      const at = home as Home;
      const daemon = at.start();
      await eventually(
        () => Promise.resolve(daemon.log()),
        (log) => log.includes("the daemon runs"),
      );
      sandbox.colleagues({ seed: 23 }).work(10);
      await sandbox.webhooks.idle();
      expect(new Set(answersSince(0))).toEqual(new Set([200]));
      redis = await startPrivateRedis(port);
      await ready(at.origin);
      await mirrored(at.db);
      await expectEqual(at);
    },
    TIMEOUT_MS,
  );
});

test(
  "a daemon whose PostgreSQL crashes and recovers loses nothing",
  async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "attio-mirror-crash-"));
    await chmod(dataDir, 0o755);
    const server = await startEmbeddedPostgres({ dataDir });
    try {
      home = await makeHome(sandbox, { databaseUrl: server.url });
      const at = home;
      at.start();
      await ready(at.origin);
      await mirrored(at.db);
      const colleagues = sandbox.colleagues({ seed: 24 });
      for (let round = 0; round < 2; round++) {
        colleagues.work(15);
        // A backend that is killed makes PostgreSQL end all others and recover from its log.
        const [backend] = await at.db.sql<{ pid: number }[]>`
          SELECT pid FROM pg_stat_activity WHERE application_name = 'attio-mirror' AND pid <> pg_backend_pid() LIMIT 1`;
        if (backend === undefined) throw new Error("the daemon has no connection");
        process.kill(backend.pid, "SIGKILL");
        await eventually(
          () =>
            at.db.sql`SELECT 1`.then(
              () => true,
              () => false,
            ),
          (isUp) => isUp,
        );
        await ready(at.origin);
      }
      await expectEqual(at);
    } finally {
      await home?.close();
      home = undefined;
      await server.close();
      await rm(dataDir, { recursive: true, force: true });
    }
  },
  TIMEOUT_MS,
);

test(
  "processes that are killed at any moment, one after another, lose nothing and apply nothing twice",
  async () => {
    home = await makeHome(sandbox);
    const at = home;
    at.start({ roles: ["web", "scheduler"] });
    let worker = at.start({ roles: ["worker"] });
    await ready(at.origin);
    const colleagues = sandbox.colleagues({ seed: 25, perSecond: 30 });
    colleagues.start();
    for (let round = 0; round < 3; round++) {
      await eventually(
        () => Promise.resolve(worker.log()),
        (log) => log.includes("the daemon runs"),
      );
      // At another moment of its work each time.
      await new Promise((resolve) => setTimeout(resolve, 150 * round));
      await worker.end("SIGKILL");
      worker = at.start({ roles: ["worker"] });
    }
    colleagues.stop();
    await mirrored(at.db);
    await expectEqual(at);
  },
  TIMEOUT_MS,
);
