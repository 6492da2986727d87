import Fastify, { type FastifyInstance } from "fastify";
import { isMigrated, type Database } from "./db/index.ts";
import type { Log } from "./logger.ts";
import { webhookRoutes } from "./webhooks/routes.ts";
import type { ReceiverStats } from "./webhooks/stats.ts";

/** How long a check of readiness may take. */
const CHECK_MS = 2_000;

export interface ServerDeps {
  db: Database;
  log: Log;
  /** @throws when the job queue does not answer */
  pingQueue: () => Promise<void>;
  /** Called after deliveries were stored. */
  wake: () => void;
  /** Counters of the receiver. */
  stats?: ReceiverStats;
}

/** Builds the daemon's HTTP server; whoever calls it listens and closes. */
export function buildServer({ db, log, pingQueue, wake, stats }: ServerDeps): FastifyInstance {
  const app = Fastify({ logger: false, forceCloseConnections: "idle" });
  app.setNotFoundHandler((_, reply) => reply.code(404).send({ error: "not_found" }));
  app.get("/healthz", () => ({ status: "ok" }));
  app.get("/readyz", async (_, reply) => {
    const checks = await checkAll({
      postgres: async () => {
        await db.sql`SELECT 1`;
      },
      queue: pingQueue,
      migrations: async () => {
        if (!(await isMigrated(db))) throw new Error("the database is not migrated");
      },
    });
    const isReady = Object.values(checks).every((answer) => answer === "ok");
    return reply.code(isReady ? 200 : 503).send({ status: isReady ? "ok" : "unavailable", checks });
  });
  void app.register(webhookRoutes, { db, log, wake, ...(stats !== undefined && { stats }) });
  return app;
}

/** Runs all checks side by side; says of each only whether it holds, since the page is public. */
async function checkAll<K extends string>(
  checks: Record<K, () => Promise<void>>,
): Promise<Record<K, string>> {
  const entries = Object.entries(checks) as [K, () => Promise<void>][];
  const answers = entries.map(async ([name, check]) => [name, await answer(check)] as const);
  return Object.fromEntries(await Promise.all(answers)) as Record<K, string>;
}

async function answer(check: () => Promise<void>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve("timeout"), CHECK_MS);
  });
  const checked = check().then(
    () => "ok",
    () => "failed",
  );
  try {
    return await Promise.race([checked, late]);
  } finally {
    clearTimeout(timer);
  }
}
