import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { onTestFailed } from "vitest";
import { openDatabase, type Database } from "../../src/db/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { createTestDatabase } from "./database.ts";
import { freePort } from "./free-port.ts";
import { program } from "./program.ts";

/** How many characters of a daemon's log a failed test shows. */
const LOG_SHOWN = 6_000;

/** A daemon in a process of its own. */
export interface TestDaemon {
  /** Everything it printed: logs, and whatever else. */
  log(): string;
  /** Its exit code, or null when it was killed. */
  readonly exited: Promise<number | null>;
  /** Sends a signal and waits for nothing. */
  signal(name: NodeJS.Signals): void;
  /** Sends a signal and waits for the end. @returns exit code, or null when it was killed */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** A sandbox's mirror that daemons may be started for. */
export interface Home {
  db: Database;
  /** Where the web daemon listens. */
  origin: string;
  /** @param options.cwd its working directory; none = this process's */
  start(options?: { roles?: readonly string[]; env?: Record<string, string>; cwd?: string }): TestDaemon;
  close(): Promise<void>;
}

/** Makes a database, unless it is given one, and the environment for daemons on a sandbox. */
export async function makeHome(
  sandbox: Sandbox,
  { redisUrl, databaseUrl }: { redisUrl?: string; databaseUrl?: string } = {},
): Promise<Home> {
  const database =
    databaseUrl === undefined
      ? await createTestDatabase()
      : { url: databaseUrl, drop: () => Promise.resolve() };
  const db = await openDatabase(database.url, { connections: 2 });
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const daemons: TestDaemon[] = [];
  const settings = {
    ATTIO_API_KEY: sandbox.token,
    ATTIO_BASE_URL: sandbox.url,
    DATABASE_URL: database.url,
    PUBLIC_URL: origin,
    PORT: String(port),
    ATTIO_READS_PER_SECOND: "1000",
    ...(redisUrl !== undefined && { REDIS_URL: redisUrl }),
  };
  return {
    db,
    origin,
    start: ({ roles = ["all"], env = {}, cwd } = {}) => {
      const daemon = startDaemonProcess(roles, { ...settings, ...env }, cwd);
      daemons.push(daemon);
      try {
        onTestFailed(() => {
          console.error(`the end of a daemon's log:\n${daemon.log().slice(-LOG_SHOWN)}`);
        });
      } catch {
        // A hook starts it, for a whole file: no test of its own could fail.
      }
      return daemon;
    },
    close: async () => {
      await Promise.all(daemons.map((daemon) => daemon.end("SIGKILL")));
      await db.close();
      await database.drop();
    },
  };
}

function startDaemonProcess(
  roles: readonly string[],
  settings: Record<string, string>,
  cwd = process.cwd(),
): TestDaemon {
  const env = { PATH: process.env["PATH"], HOME: process.env["HOME"], ...settings };
  const args = [program("src/main"), "start", "--role", ...roles];
  const child = spawn(process.execPath, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  for (const output of [child.stdout, child.stderr])
    output.on("data", (chunk: Buffer) => {
      log += chunk.toString();
    });
  const exited = (once(child, "exit") as Promise<[number | null]>).then(([code]) => code);
  return {
    log: () => log,
    exited,
    signal: (name) => void child.kill(name),
    end: async (signal = "SIGTERM") => {
      if (child.exitCode === null) child.kill(signal);
      return exited;
    },
  };
}

/** Waits until a condition holds. @throws after `timeoutMs`, with what was seen last */
export async function eventually<T>(
  look: () => Promise<T>,
  isRight: (seen: T) => boolean,
  timeoutMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (isRight(seen)) return seen;
    if (Date.now() > deadline)
      throw new Error(`it never came about; last seen: ${JSON.stringify(seen).slice(0, 2_000)}`);
    await delay(100);
  }
}

/** Waits until every stream was read in full and nothing is pending: deliveries, marks, wants. */
export async function quiet(db: Database, sandbox: Sandbox): Promise<void> {
  await sandbox.webhooks.idle();
  await eventually(
    async () => {
      const [row] = await db.sql<{ pending: number }[]>`
        SELECT (SELECT count(*) FROM attio_sync.webhook_events WHERE processed_at IS NULL)
             + (SELECT count(*) FROM attio_sync.dirty)
             + (SELECT count(*) FROM attio_sync.settings WHERE key = 'chore:schema'
                AND (value ->> 'wantedAt')::timestamptz >= coalesce((value ->> 'doneAt')::timestamptz, '-infinity'))
             + (SELECT count(*) FROM attio_sync.streams WHERE last_backfill_at IS NULL AND state = 'ok' AND stream <> 'threads')
             + (SELECT count(*) FROM attio_sync.runs WHERE state = 'running') AS pending`;
      return row?.pending ?? 1;
    },
    (pending) => pending === 0,
  );
}

/** Waits until the daemon says that it is ready. */
export async function ready(origin: string): Promise<void> {
  await eventually(
    () =>
      fetch(`${origin}/readyz`).then(
        (answer) => answer.status,
        () => 0,
      ),
    (status) => status === 200,
  );
}

/** Waits until every stream was read in full once, and the webhook is settled. */
export async function mirrored(db: Database): Promise<void> {
  await eventually(
    async () => {
      const [row] = await db.sql<{ open: number }[]>`
        SELECT count(*) AS open FROM attio_sync.streams WHERE last_backfill_at IS NULL AND stream <> 'threads'`;
      return row?.open ?? 1;
    },
    (open) => open === 0,
  );
}
