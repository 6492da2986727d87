import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import postgres from "postgres";
import { EmbeddedPostgresError } from "../errors.ts";
import { silentLog, type Log } from "../logger.ts";
import { prepareBinaries, type Binaries } from "./binaries.ts";
import {
  ensureCluster,
  readLogTail,
  readPostmaster,
  spawnServer,
  stopServer,
  SUPERUSER,
  type Postmaster,
  type ServerProcess,
} from "./cluster.ts";
import { isServerOf } from "./process-check.ts";
import { isAlive, openRegistry } from "./registry.ts";
import { openHome, type ServerHome } from "./state.ts";

export interface EmbeddedPostgresOptions {
  /** DATA_DIR: everything is kept under `<dataDir>/postgres`, or its state says where. */
  dataDir: string;
  log?: Log;
  /** PostgreSQL settings beyond the defaults, e.g. `{ fsync: "off" }` for tests. They count only if this call starts the server. */
  settings?: Readonly<Record<string, string>>;
}

export interface EmbeddedPostgres {
  /** Connection URL of the mirror's database, as superuser. Holds the password: never log it. */
  url: string;
  /** Leaves the server; stops it unless another process still uses it. */
  close(): Promise<void>;
}

/** The database that the embedded server holds for the mirror. */
const DATABASE = "attio_mirror";
const START_DEADLINE_MS = 60_000;
const POLL_MS = 50;
const ATTEMPTS = 5;

/**
 * Starts a real PostgreSQL 18 whose data lives under DATA_DIR, or joins the one that another process runs there already.
 * Recovers by itself from a killed server and a killed owner. Listens on 127.0.0.1 only, on a free port, with a random password.
 *
 * @throws EmbeddedPostgresError with the reason where no server can be had.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, log = silentLog, settings = {} } = options;
  const home = await openHome(dataDir, log);
  const binaries = await prepareBinaries(home.user, home.folder, log);
  const registry = openRegistry(home.folder, randomBytes(4).toString("hex"));
  await registry.enter();
  const leave = once(async () => {
    if (await registry.leave()) await stopServer(home, binaries);
  });
  try {
    await ensureCluster(home, binaries);
    const port = await joinOrStart(home, binaries, settings, log);
    await ensureDatabase(connectionUrl(home, port, "postgres"));
    return { url: connectionUrl(home, port, DATABASE), close: leave };
  } catch (error) {
    await leave().catch((cause: unknown) => log.warn({ err: cause }, "PostgreSQL was not stopped"));
    throw error;
  }
}

/** Brings about a server that answers, whatever is found: none, one that starts or stops, one of another process. */
async function joinOrStart(
  home: ServerHome,
  binaries: Binaries,
  settings: Readonly<Record<string, string>>,
  log: Log,
): Promise<number> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const running = await findRunning(home, log);
    if (running !== null) return running.port;
    const server = await spawnServer(home, binaries, settings);
    const started = await waitUntilReady(home, server);
    if (started !== null) {
      log.info({ port: started.port, cluster: home.clusterFolder }, "embedded PostgreSQL started");
      return started.port;
    }
    log.debug({ attempt }, "embedded PostgreSQL ended while starting");
  }
  throw new EmbeddedPostgresError(
    `the embedded PostgreSQL does not start: ${await readLogTail(home)} (log: ${home.logFile})`,
  );
}

/** A server that runs already and answers; null when there is none (any more). */
async function findRunning(home: ServerHome, log: Log): Promise<Postmaster | null> {
  const giveUpAt = Date.now() + START_DEADLINE_MS;
  while (Date.now() < giveUpAt) {
    const postmaster = await readPostmaster(home);
    if (postmaster === null || !isAlive(postmaster.pid)) return null;
    if (!(await isServerOf(home, postmaster.pid))) {
      log.warn(
        { pid: postmaster.pid },
        "PostgreSQL was killed and its process id now belongs to another program",
      );
      await rm(join(home.clusterFolder, "postmaster.pid"), { force: true });
      return null;
    }
    if (postmaster.isReady && (await answers(home, postmaster.port))) return postmaster;
    await delay(POLL_MS);
  }
  throw new EmbeddedPostgresError(
    `the embedded PostgreSQL runs but does not answer for ${START_DEADLINE_MS / 1000} s (log: ${home.logFile})`,
  );
}

/** Waits for a server of ours; null when it ended instead (another one was quicker, its port was taken, it is broken). */
async function waitUntilReady(home: ServerHome, server: ServerProcess): Promise<Postmaster | null> {
  const giveUpAt = Date.now() + START_DEADLINE_MS;
  while (Date.now() < giveUpAt) {
    const postmaster = await readPostmaster(home);
    if (postmaster?.pid === server.pid && postmaster.isReady) return postmaster;
    if (server.hasEnded()) return null;
    await delay(POLL_MS);
  }
  throw new EmbeddedPostgresError(
    `the embedded PostgreSQL is not ready after ${START_DEADLINE_MS / 1000} s (log: ${home.logFile})`,
  );
}

async function answers(home: ServerHome, port: number): Promise<boolean> {
  const sql = postgres(connectionUrl(home, port, "postgres"), {
    max: 1,
    connect_timeout: 5,
    onnotice: () => undefined,
  });
  try {
    await sql`SELECT 1`;
    return true;
  } catch {
    return false;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

const DUPLICATE_DATABASE = "42P04";
const UNIQUE_VIOLATION = "23505";

async function ensureDatabase(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    const found = await sql`SELECT 1 FROM pg_database WHERE datname = ${DATABASE}`;
    if (found.length === 0) await sql`CREATE DATABASE ${sql(DATABASE)}`;
  } catch (error) {
    // Another process made it between the two statements.
    const isDuplicate =
      error instanceof postgres.PostgresError && [DUPLICATE_DATABASE, UNIQUE_VIOLATION].includes(error.code);
    if (!isDuplicate) throw error;
  } finally {
    await sql.end({ timeout: 5 });
  }
}

function connectionUrl(home: ServerHome, port: number, database: string): string {
  return `postgres://${SUPERUSER}:${home.password}@127.0.0.1:${port}/${database}`;
}

function once(action: () => Promise<void>): () => Promise<void> {
  let result: Promise<void> | null = null;
  return () => (result ??= action());
}
