import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";

/** A Redis for the tests of one file. */
export interface TestRedis {
  url: string;
  stop(): Promise<void>;
}

/** Whether a Redis can be had at all: of REDIS_URL, or by a `redis-server` on PATH. */
export function canStartRedis(): boolean {
  return isGiven() || spawnSync("redis-server", ["--version"]).status === 0;
}

function isGiven(): boolean {
  return (process.env["REDIS_URL"] ?? "") !== "";
}

/** The Redis of REDIS_URL, else a private one that keeps nothing on disk. */
export async function startTestRedis(port?: number): Promise<TestRedis> {
  if (isGiven()) return { url: process.env["REDIS_URL"] ?? "", stop: () => Promise.resolve() };
  const folder = await mkdtemp(join(tmpdir(), "attio-mirror-redis-"));
  const chosen = port ?? (await freePort());
  const flags = [
    "--port",
    String(chosen),
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
  const url = `redis://127.0.0.1:${chosen}`;
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
