import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { Database } from "../../src/db/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";

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

/** Starts a daemon: `main` is the compiled `src/main`, settings are all of its environment but PATH and HOME. */
export function startDaemonProcess(
  main: string,
  roles: readonly string[],
  settings: Readonly<Record<string, string>>,
  cwd = process.cwd(),
): TestDaemon {
  const env = { PATH: process.env["PATH"], HOME: process.env["HOME"], ...settings };
  const args = [main, "start", "--role", ...roles];
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

/** How long what is waited for may take. */
const WAIT_MS = 150_000;

/** Waits until a condition holds. @throws after `timeoutMs`, with what was seen last */
export async function eventually<T>(
  look: () => Promise<T>,
  isRight: (seen: T) => boolean,
  timeoutMs = WAIT_MS,
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
export async function quiet(db: Pick<Database, "sql">, sandbox: Sandbox, timeoutMs = WAIT_MS): Promise<void> {
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
    timeoutMs,
  );
}

/** Waits until the daemon says that it is ready. */
export async function ready(origin: string, timeoutMs = WAIT_MS): Promise<void> {
  await eventually(
    () =>
      fetch(`${origin}/readyz`).then(
        (answer) => answer.status,
        () => 0,
      ),
    (status) => status === 200,
    timeoutMs,
  );
}

/** Waits until every stream was read in full once, and the webhook is settled. */
export async function mirrored(db: Pick<Database, "sql">, timeoutMs = WAIT_MS): Promise<void> {
  await eventually(
    async () => {
      const [row] = await db.sql<{ open: number }[]>`
        SELECT count(*) AS open FROM attio_sync.streams WHERE last_backfill_at IS NULL AND stream <> 'threads'`;
      return row?.open ?? 1;
    },
    (open) => open === 0,
    timeoutMs,
  );
}
