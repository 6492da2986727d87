import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort } from "./free-port.ts";

/** A Redis for the tests of one file. */
export interface TestRedis {
  url: string;
  stop(): Promise<void>;
}

/** Whether a Redis can be started that no other test uses: one that may be flushed and stopped. */
export function canStartPrivateRedis(): boolean {
  return spawnSync("redis-server", ["--version"]).status === 0;
}

/** Whether a Redis can be had at all: of REDIS_URL, or by a `redis-server` on PATH. */
export function canStartRedis(): boolean {
  return isGiven() || canStartPrivateRedis();
}

function isGiven(): boolean {
  return (process.env["REDIS_URL"] ?? "") !== "";
}

/** The Redis of REDIS_URL, else a private one that keeps nothing on disk. */
export async function startTestRedis(): Promise<TestRedis> {
  if (isGiven()) return { url: process.env["REDIS_URL"] ?? "", stop: () => Promise.resolve() };
  return startPrivateRedis(await freePort());
}

/** A Redis of a test's own on a port, so that it can be stopped and come back; it keeps nothing on disk. */
export async function startPrivateRedis(port: number): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), "attio-mirror-redis-"));
  const flags = [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--dir",
    folder,
    "--save",
    "",
    "--appendonly",
    "no",
  ];
  const server = spawn("redis-server", flags, { stdio: "ignore" });
  const url = `redis://127.0.0.1:${port}`;
  await answers(url);
  return {
    url,
    stop: async () => {
      await end(server);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, "exit");
  server.kill("SIGKILL");
  await exited;
}

async function answers(url: string): Promise<void> {
  const client = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  client.on("error", () => undefined);
  await client.ping();
  client.disconnect();
}
