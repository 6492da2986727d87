import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import type { Database } from "../../src/db/index.ts";
import { unfinishedStreams, wantedStreams } from "../../src/db/queries/wanted-streams.ts";
import { readyStreams } from "../../src/sync/walk/choose-streams.ts";
import { createMigratedDatabase, type MigratedDatabase } from "../support/migrated.ts";

let database: MigratedDatabase;
let db: Database;

beforeAll(async () => {
  database = await createMigratedDatabase();
  ({ db } = database);
});
afterAll(() => database.drop());

test("a stream that fails holds up nothing for a while, also where this process's clock is ahead; one that may not be read is not wanted", async () => {
  const ahead = vi.spyOn(Date, "now").mockReturnValue(Date.now() + 600_000);
  onTestFinished(() => {
    ahead.mockRestore();
  });
  await db.sql`
    INSERT INTO attio_sync.streams (stream, kind, state)
    VALUES ('companies', 'object', 'failed'), ('secrets', 'object', 'forbidden'), ('comments', 'fixed', 'forbidden')`;
  await db.sql`
    INSERT INTO attio_sync.runs (stream, state, first_ticket, finished_at) VALUES ('companies', 'failed', 1, now())`;
  const upForFiveMinutes = Date.now() - 300_000;
  const found = await wantedStreams(db.sql, upForFiveMinutes);
  expect(readyStreams(found).map(({ stream }) => stream)).toEqual(["comments"]);
  expect(await unfinishedStreams(db.sql)).toEqual(["comments", "companies"]);

  // A process that has just begun asks at once for what another one left.
  const again = readyStreams(await wantedStreams(db.sql, Date.now()));
  expect(again.map(({ stream }) => stream)).toEqual(["companies"]);
});
