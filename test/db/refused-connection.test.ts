import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { expect, inject, onTestFinished, test } from "vitest";
import { createSql } from "../../src/db/index.ts";
import { freePort } from "../support/free-port.ts";

/** Listens where PostgreSQL would, and passes on what comes. */
async function listen(port: number, admin: URL): Promise<Server> {
  const server = createServer((client) => {
    const there = connect(Number(admin.port), admin.hostname);
    client.on("error", () => there.destroy()).pipe(there);
    there.on("error", () => client.destroy()).pipe(client);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return server;
}

/** A pool on a port where nobody listens yet. */
async function poolOnNothing(connections: number) {
  const admin = new URL(inject("adminUrl"));
  const url = new URL(admin);
  url.hostname = "127.0.0.1";
  url.port = String(await freePort());
  const sql = createSql(url.href, { connections });
  onTestFinished(() => sql.end({ timeout: 1 }));
  return { admin, sql, port: Number(url.port) };
}

test("a server that is away for longer than a pool has connections: the pool works once it is back", async () => {
  const { admin, sql, port } = await poolOnNothing(2);
  for (let query = 0; query < 6; query++)
    await expect(sql`SELECT 1`).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await listen(port, admin);
  const answers = await Promise.all([1, 2, 3].map((number) => sql`SELECT ${number}::int AS number`));
  expect(answers.flat()).toEqual([{ number: 1 }, { number: 2 }, { number: 3 }]);
});

test("a transaction that finds no server fails, and the next one finds it", async () => {
  const { admin, sql, port } = await poolOnNothing(1);
  for (let round = 0; round < 3; round++)
    await expect(sql.begin((tx) => tx`SELECT 1`)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await listen(port, admin);
  expect(await sql.begin((tx) => tx`SELECT 1 AS one`)).toEqual([{ one: 1 }]);
});
