import { beforeAll, expect, test } from "vitest";
import { beginChore, choreStates, finishChore, wantChore } from "../../src/db/queries/chores.ts";
import { silentLog } from "../../src/logger.ts";
import type { JobQueue, QueueBackend } from "../../src/workers/connection.ts";
import { startSchedules } from "../../src/workers/schedules.ts";
import { createMigratedDatabase, type MigratedDatabase } from "../support/migrated.ts";

const HOUR_MS = 3_600_000;

let db: MigratedDatabase;

beforeAll(async () => {
  db = await createMigratedDatabase();
  return () => db.drop();
});

/** A queue that takes every schedule and never ticks. */
function silentBackend(): { backend: QueueBackend; kept: string[] } {
  const kept: string[] = [];
  const queue: JobQueue = {
    add: () => Promise.resolve(),
    schedule: (key) => {
      kept.push(key);
      return Promise.resolve();
    },
    depth: () => Promise.resolve(0),
  };
  const backend: QueueBackend = {
    kind: "postgres",
    queue: () => queue,
    work: () => ({ close: () => Promise.resolve() }),
    ping: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  return { backend, kept };
}

async function isDue(): Promise<boolean> {
  return (await choreStates(db.sql)).some(({ chore, isDue }) => chore === "schema" && isDue);
}

test("scheduler that silently stopped: what its ticks would have asked for is done, and the schedule put back", async () => {
  const { backend, kept } = silentBackend();
  const deps = { sql: db.sql, backend, log: silentLog };
  await wantChore(db.sql, "schema");
  await finishChore(db.sql, "schema", { begunAt: await beginChore(db.sql), ok: true });
  let nowMs = Date.now();
  const look = async () => {
    const schedules = await startSchedules(deps, { schema: "0 * * * *" }, { clock: { now: () => nowMs } });
    await schedules.close();
  };
  await look();
  expect(await isDue(), "no tick is missing yet").toBe(false);
  nowMs += 2 * HOUR_MS;
  await look();
  expect(await isDue()).toBe(true);
  expect(kept).toEqual(["schema", "schema"]);
});
