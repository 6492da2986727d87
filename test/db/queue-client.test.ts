import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { silentLog } from "../../src/logger.ts";
import { openQueueBackend } from "../../src/workers/connection.ts";
import { QueueClient } from "../../src/workers/queue-client.ts";
import { inboxJob } from "../../src/workers/queues.ts";
import { createTestDatabase } from "../support/database.ts";

/** How PostgreSQL says to a connection that it is ended, and that it waits for a statement. */
const FATAL = errorResponse(
  "SFATAL",
  "VFATAL",
  "C57P01",
  "Mterminating connection due to administrator command",
);
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

function errorResponse(...fields: string[]): Buffer {
  const body = Buffer.from(`${fields.join("\0")}\0\0`);
  const head = Buffer.from([0x45, 0, 0, 0, 0]);
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** What would have ended the process until the test is over. */
function crashes(): unknown[] {
  const seen: unknown[] = [];
  const others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => seen.push(error));
  onTestFinished(() => {
    process.removeAllListeners("uncaughtException");
    for (const other of others) process.on("uncaughtException", other);
  });
  return seen;
}

/** A way to a database on which a connection may be ended in the very moment in which it stands. */
async function deadlyWay(
  databaseUrl: string,
  isEnded: (connection: number) => boolean,
): Promise<{ url: string; ended: () => number }> {
  const real = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let connections = 0;
  let ended = 0;
  const server = createServer((near) => {
    const isDeadly = isEnded(++connections);
    const far = connect({ host: real.hostname, port: Number(real.port || 5432) });
    near.on("data", (data) => far.write(data));
    far.on("data", (data) => {
      if (isDeadly && data.subarray(-READY.length).equals(READY)) {
        ended += 1;
        near.end(Buffer.concat([data, FATAL]));
        far.destroy();
      } else near.write(data);
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on("error", () => undefined);
      one.on("close", () => other.destroySoon());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url: url.href, ended: () => ended };
}

it.each(["between two statements", "while it is closed, when nobody listens to it"])(
  "a connection of the job queue that is lost %s does not end the process",
  async (when) => {
    const database = await createTestDatabase();
    const seen = crashes();
    const [client, killer] = [database, database].map(
      ({ url }) => new QueueClient({ connectionString: url }),
    );
    if (client === undefined || killer === undefined) throw new Error("no clients");
    try {
      await Promise.all([client.connect(), killer.connect()]);
      await client.query("BEGIN");
      const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
      if (when.includes("closed")) client.removeAllListeners();
      const ended = new Promise((resolve) => client.once("end", resolve));
      await killer.query("SELECT pg_terminate_backend($1)", [rows[0]?.pid]);
      await ended;
      await expect(client.query("SELECT 1")).rejects.toThrow();
      expect(seen).toEqual([]);
    } finally {
      await killer.end();
      await database.drop();
    }
  },
);

// The queue has two connections by then, of which it uses one for the first time; the worker's come after them.
it.each([
  ["a worker's first connection", 3],
  ["the connection on which a worker hears notifications", 4],
])("%s that is lost as soon as it stands ends no process, and jobs are worked at", async (_, before) => {
  const database = await createTestDatabase();
  const seen = crashes();
  let from = Infinity;
  const way = await deadlyWay(database.url, (connection) => connection > from && connection <= from + 3);
  const backend = await openQueueBackend({ databaseUrl: way.url, redisUrl: null, log: silentLog });
  try {
    await backend.queue("attio-live").depth();
    from = before;
    let worked = 0;
    const worker = backend.work("attio-live", 1, () => {
      worked += 1;
      return Promise.resolve();
    });
    await expect.poll(() => way.ended(), { timeout: 20_000 }).toBeGreaterThan(0);
    await backend.queue("attio-live").add(inboxJob());
    await expect.poll(() => worked, { timeout: 20_000 }).toBeGreaterThan(0);
    expect(seen).toEqual([]);
    await worker.close();
  } finally {
    await backend.close();
    await database.drop();
  }
});
