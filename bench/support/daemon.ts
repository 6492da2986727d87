import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { hasEnded, stop } from "./processes.ts";
import type { SandboxPlace } from "./sandbox.ts";

/** How a daemon is started. */
export interface DaemonOrder {
  /** The compiled `src/main`. */
  program: string;
  roles: readonly string[];
  place: SandboxPlace;
  databaseUrl: string;
  /** undefined = the queue lives in the database. */
  redisUrl: string | undefined;
  /** Folder for a CPU profile. */
  profileFolder: string | undefined;
  /** Further settings, by their names in the environment. */
  settings?: Readonly<Record<string, string>>;
}

/** A daemon in a process of its own, with the product's own settings. */
export interface BenchDaemon {
  origin: string;
  pid: number;
  stop: () => Promise<void>;
}

/** Starts a daemon with the role `web` and waits until it is ready. Throws if it ends before. */
export async function startDaemon(order: DaemonOrder): Promise<BenchDaemon> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const { PATH, HOME } = process.env;
  const env = {
    PATH,
    HOME,
    ATTIO_API_KEY: order.place.token,
    ATTIO_BASE_URL: order.place.url,
    DATABASE_URL: order.databaseUrl,
    ...(order.redisUrl !== undefined && { REDIS_URL: order.redisUrl }),
    PUBLIC_URL: origin,
    PORT: String(port),
    LOG_LEVEL: "warn",
    // What is measured is begun by hand.
    BACKFILL_CRON: "0 0 1 1 *",
    // A crawl like that of comments: a request a record, as long as the budget has room.
    HISTORY: "off",
    ...order.settings,
  };
  const profile =
    order.profileFolder === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${order.profileFolder}`];
  const child = spawn(process.execPath, [...profile, order.program, "start", "--role", ...order.roles], {
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const isGone = hasEnded(child).then(() => true);
  while (!(await isReady(origin))) {
    if (await Promise.race([isGone, delay(100, false)])) throw new Error("the daemon ended by itself");
  }
  return { origin, pid: child.pid ?? 0, stop: () => stop(child) };
}

async function isReady(origin: string): Promise<boolean> {
  try {
    return (await fetch(`${origin}/readyz`)).ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
