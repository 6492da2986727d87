import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { Redis } from "ioredis";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../src/embedded/postgres.ts";
import { freePort } from "../support/free-port.ts";
import { startPrivateRedis, type TestRedis } from "../support/redis.ts";

/** Where the queue lives. */
export type QueueKind = "postgres" | "redis";

/** A PostgreSQL and a Redis that nobody else uses, so that they may be killed; their addresses outlive that. */
export class Services {
  readonly #dataDir: string;
  readonly #port: number;
  readonly #redisPort: number;
  #postgres: EmbeddedPostgres;
  #redis: TestRedis | undefined;
  #turn: Promise<void> = Promise.resolve();

  private constructor(dataDir: string, port: number, redisPort: number, server: EmbeddedPostgres) {
    this.#dataDir = dataDir;
    this.#port = port;
    this.#redisPort = redisPort;
    this.#postgres = server;
  }

  static async start(): Promise<Services> {
    const dataDir = await mkdtemp(join(tmpdir(), "attio-mirror-torture-"));
    await chmod(dataDir, 0o755);
    const [port, redisPort] = [await freePort(), await freePort()];
    return new Services(dataDir, port, redisPort, await startServer(dataDir, port));
  }

  /** Makes an empty database. @returns its URL */
  async createDatabase(): Promise<string> {
    const name = `torture_${randomBytes(6).toString("hex")}`;
    await this.#asAdmin(`CREATE DATABASE ${name} TEMPLATE template0`);
    const url = new URL(this.#postgres.url);
    url.pathname = `/${name}`;
    return url.href;
  }

  async dropDatabase(url: string): Promise<void> {
    await this.#asAdmin(`DROP DATABASE IF EXISTS ${new URL(url).pathname.slice(1)} WITH (FORCE)`);
  }

  /** The URL of a Redis that holds nothing. */
  async emptyRedis(): Promise<string> {
    this.#redis ??= await startPrivateRedis(this.#redisPort);
    await this.flushRedis();
    return this.#redis.url;
  }

  async flushRedis(): Promise<void> {
    if (this.#redis === undefined) return;
    const client = new Redis(this.#redis.url);
    // It may be restarted meanwhile; the command is sent again.
    client.on("error", () => undefined);
    await client.flushall();
    client.disconnect();
  }

  async restartRedis(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#redis === undefined) return;
      await this.#redis.stop();
      this.#redis = await startPrivateRedis(this.#redisPort);
    });
  }

  /** Stops PostgreSQL as an operator does, and starts it again. */
  async restartPostgres(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#postgres.close();
      this.#postgres = await startServer(this.#dataDir, this.#port);
    });
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#redis?.stop();
    await this.#postgres.close();
    await rm(this.#dataDir, { recursive: true, force: true });
  }

  /** Of two restarts at once, one would start a server that nobody stops. */
  #inTurn(restart: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(restart);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #asAdmin(statement: string): Promise<void> {
    const sql = postgres(this.#postgres.url, { max: 1, onnotice: () => undefined });
    try {
      await sql.unsafe(statement);
    } finally {
      await sql.end();
    }
  }
}

/** What a process or PostgreSQL itself loses is tested, not what a disk loses. */
function startServer(dataDir: string, port: number): Promise<EmbeddedPostgres> {
  const settings = { port: String(port), fsync: "off", max_connections: "200" };
  return startEmbeddedPostgres({ dataDir, settings });
}
