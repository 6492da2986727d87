import type { AttioClient } from "./attio/index.ts";
import { syncSettings, type Config } from "./config.ts";
import { createSql, migrate, openDatabase, type Database } from "./db/index.ts";
import { listen } from "./db/notify.ts";
import { wantChore } from "./db/queries/chores.ts";
import { Closers } from "./lib/closers.ts";
import { systemClock } from "./lib/clock.ts";
import type { Log } from "./logger.ts";
import type { Role } from "./roles.ts";
import { buildServer } from "./server.ts";
import type { SyncDeps } from "./sync/deps.ts";
import { bindDatabase } from "./sync/start/bind-database.ts";
import { checkExternalIds } from "./sync/push/external-ids.ts";
import { Pusher } from "./sync/push/push.ts";
import { PATIENCE } from "./sync/push/push-deps.ts";
import { prepareMirror } from "./sync/start/prepare-mirror.ts";
import { warnOfUnknownNames } from "./sync/start/unknown-names.ts";
import { seeToWebhook } from "./webhooks/see-to-webhook.ts";
import { readWish } from "./webhooks/wish.ts";
import { backfillInChild } from "./workers/backfill-child.ts";
import { openQueueBackend, type QueueBackend } from "./workers/connection.ts";
import { createHandler } from "./workers/handlers.ts";
import { openClient } from "./workers/open-client.ts";
import { startRelay, wakeOthers, type Relay } from "./workers/relay.ts";
import { startSchedules } from "./workers/schedules.ts";
import { startWorkers } from "./workers/start-workers.ts";

export interface DaemonOptions {
  roles: readonly Role[];
  log: Log;
  /** Ends the start; a daemon that runs is ended by `close`. */
  signal: AbortSignal;
}

export interface Daemon {
  /** Where its HTTP server listens; null without the role `web`. */
  url: string | null;
  /** Takes no more work, finishes what is under way or gives it back, and closes everything, within ten seconds. */
  close(): Promise<void>;
}

/** Connections of the pool that chores use; edits never wait for one of them. */
const BULK_CONNECTIONS = 2;

/** When what is not configurable is done, as cron expressions in UTC. */
const WEBHOOK_CRON = "*/5 * * * *";
const PRUNE_CRON = "30 3 * * *";
const HISTORY_CRON = "*/5 * * * *";

/** What the parts of a running daemon share. */
interface Parts {
  config: Config;
  db: Database;
  client: AttioClient;
  backend: QueueBackend;
  log: Log;
  closers: Closers;
  /** Tells this process's relay, and the others', that deliveries have come. */
  wake: () => void;
}

/**
 * Starts a daemon on a database: migrates, checks the token, brings the schema in line, registers the webhook, and then
 * works until it is closed. Streams that were never read in full are read first, by the workers.
 *
 * @throws ConfigError for a token that Attio does not accept, WorkspaceChangedError for another workspace's
 */
export async function startDaemon(
  config: Config,
  db: Database,
  { roles, log, signal }: DaemonOptions,
): Promise<Daemon> {
  const closers = new Closers();
  const close = () =>
    closers.close((what, error) => {
      log.warn({ what, err: error }, "could not be closed");
    });
  try {
    const url = await startParts(config, db, { roles, log, signal }, closers);
    return { url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startParts(
  config: Config,
  db: Database,
  { roles, log, signal }: DaemonOptions,
  closers: Closers,
): Promise<string | null> {
  const startedAtMs = systemClock.now();
  await migrate(db);
  const client = await openClient(config, db.url, log, closers);
  const live: SyncDeps = {
    db,
    client,
    log,
    ...syncSettings(config),
  };
  if (roles.includes("worker") || roles.includes("scheduler"))
    await prepareMirror(live, { webhook: config.publicUrl !== null, baseUrl: config.attioBaseUrl, signal });
  await warnOfUnknownNames(db, log, config);
  // Woken before it exists, it need not be: its first look comes by itself.
  let wakeRelay: (what?: "work" | "outbox") => void = () => undefined;
  const ear = await listen(db.url, (what) => wakeRelay(what));
  closers.add("listener", () => ear.close());
  if (!ear.hears) log.warn("NOTIFY does not arrive, as behind a transaction pooler; polling instead");
  const { redisUrl } = config;
  const backend = await openQueueBackend({ databaseUrl: db.url, redisUrl, log, hears: ear.hears });
  closers.add("queue", () => backend.close());
  const wake = () => {
    wakeRelay();
    wakeOthers(db.sql, log);
  };
  const parts: Parts = { config, db, client, backend, log, closers, wake };
  const url = roles.includes("web") ? await startWeb(parts) : null;
  if (roles.includes("worker") || roles.includes("scheduler")) {
    const pushes = config.outbound !== "off";
    const relay = startRelay({ sql: db.sql, backend, log }, { startedAtMs, hears: ear.hears, pushes });
    closers.add("relay", () => relay.close());
    wakeRelay = (what) => relay.wake(what);
    const pusher = roles.includes("worker") ? await startWork(parts, live, relay, startedAtMs) : undefined;
    wakeRelay = (what) => {
      if (what === "outbox") pusher?.wake();
      relay.wake(what);
    };
  }
  if (roles.includes("scheduler")) await startScheduler(parts);
  log.info({ roles, url, queue: backend.kind }, "the daemon runs");
  return url;
}

async function startWeb({ config, db, backend, log, closers, wake }: Parts): Promise<string> {
  const app = buildServer({ db, log, pingQueue: () => backend.ping(), wake });
  closers.add("server", () => app.close());
  return app.listen({ host: config.host, port: config.port });
}

async function startWork(
  parts: Parts,
  live: SyncDeps,
  relay: Relay,
  startedAtMs: number,
): Promise<Pusher | undefined> {
  const { config, db, backend, log, closers } = parts;
  const bulkDb = await openDatabase(db.url, {
    connections: BULK_CONNECTIONS,
    applicationName: "attio-mirror chores",
  });
  closers.add("chores' connections", () => bulkDb.close());
  const stop = new AbortController();
  const pusher = config.outbound === "off" ? undefined : await openPusher(parts, live);
  const handle = createHandler({
    live,
    push: pusher && ((signal) => pusher.run({ signal })),
    bulk: { ...live, db: bulkDb },
    backfill: backfillInChild(config, db.url, log),
    relay,
    log,
    signal: stop.signal,
    startedAtMs,
    seeToWebhook: webhookKeeper(parts),
    history: config.history,
    eventRetentionDays: config.eventRetentionDays,
  });
  const workers = startWorkers(backend, handle, log);
  closers.add("workers", async () => {
    stop.abort();
    await workers.close();
  });
  return pusher;
}

/** Opens what pushes local changes, with a connection of its own that stands for this process in its claims. */
async function openPusher(
  { config, db, client, closers }: Parts,
  live: SyncDeps,
): Promise<Pusher | undefined> {
  if ((await bindDatabase(db)).isOther) {
    live.log.warn(
      "local changes are not pushed: this database is a copy of the one that the mirror began in; `attio-mirror adopt` accepts it",
    );
    return undefined;
  }
  const externalIds = config.externalIds ?? new Map<string, string>();
  await checkExternalIds(db.sql, externalIds);
  const claims = createSql(db.url, {
    connections: 1,
    applicationName: "attio-mirror push",
    // Right after a bulk of changes, before they are analyzed, every claim would sort all of them for the first few.
    parameters: { enable_sort: "off", enable_bitmapscan: "off" },
  });
  closers.add("push's connection", () => claims.end({ timeout: 1 }));
  const self = await client.self();
  const ownActor = self.active ? self.client_id : null;
  const settings = { policy: config.conflictPolicy, ownActor, patience: PATIENCE, externalIds };
  return new Pusher({ ...live, ...settings }, claims);
}

async function startScheduler(parts: Parts): Promise<void> {
  const { config, db, backend, log, closers } = parts;
  const keepWebhook = webhookKeeper(parts);
  if (keepWebhook !== undefined) {
    try {
      await keepWebhook();
    } catch (error) {
      log.warn({ err: error }, "the webhook could not be registered; tried again by schedule");
      await wantChore(db.sql, "webhook");
    }
  }
  const schedules = await startSchedules(
    { sql: db.sql, backend, log },
    {
      backfill: config.backfillCron,
      schema: config.schemaCron,
      prune: PRUNE_CRON,
      ...(config.history !== "off" && { history: HISTORY_CRON }),
      ...(keepWebhook !== undefined && { webhook: WEBHOOK_CRON }),
    },
  );
  closers.add("schedules", () => schedules.close());
}

function webhookKeeper({ config, db, client, log }: Parts): (() => Promise<void>) | undefined {
  const { publicUrl, hideOwnWrites } = config;
  if (publicUrl === null) return undefined;
  return async () => seeToWebhook({ db, client, log }, await readWish(client, { publicUrl, hideOwnWrites }));
}
