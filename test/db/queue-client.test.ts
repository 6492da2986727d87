import { expect, it } from "vitest";
import { QueueClient } from "../../src/workers/queue-client.ts";
import { createTestDatabase } from "../support/database.ts";

it("a connection of the job queue that is lost between two statements does not end the process", async () => {
  const database = await createTestDatabase();
  const [client, killer] = [database, database].map(({ url }) => new QueueClient({ connectionString: url }));
  if (client === undefined || killer === undefined) throw new Error("no clients");
  try {
    await Promise.all([client.connect(), killer.connect()]);
    await client.query("BEGIN");
    const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    const ended = new Promise((resolve) => client.once("end", resolve));
    await killer.query("SELECT pg_terminate_backend($1)", [rows[0]?.pid]);
    await ended;
    await expect(client.query("SELECT 1")).rejects.toThrow();
  } finally {
    await killer.end();
    await database.drop();
  }
});
