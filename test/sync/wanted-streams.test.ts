import { beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { unfinishedStreams, wantedStreams } from "../../src/db/queries/wanted-streams.ts";
import { readyStreams } from "../../src/sync/walk/choose-streams.ts";
import { createMigratedDatabase, type MigratedDatabase } from "../support/migrated.ts";

let db: MigratedDatabase;

beforeAll(async () => {
  db = await createMigratedDatabase();
  return () => db.drop();
});
beforeEach(async () => {
  await db.sql`TRUNCATE attio_sync.streams, attio_sync.runs, attio_sync.settings CASCADE`;
});

test("a stream is wanted until it has been read in full since, whatever failed afterwards", async () => {
  await db.sql`
    INSERT INTO attio_sync.streams (stream, kind, state)
    SELECT name, 'object', 'ok' FROM unnest(ARRAY['read', 'read_before', 'unread']) name`;
  await db.sql`
    INSERT INTO attio_sync.runs (stream, state, first_ticket, started_at, finished_at) VALUES
      ('read_before', 'done', 1, now() - interval '3 hours', now() - interval '3 hours'),
      ('read', 'done', 2, now() - interval '1 hour', now() - interval '1 hour'),
      ('read', 'failed', 3, now() - interval '10 minutes', now() - interval '10 minutes')`;
  const wanted = async () => (await wantedStreams(db.sql, Date.now())).wanted.map(({ stream }) => stream);
  expect(await wanted()).toEqual(["unread"]);
  expect(await unfinishedStreams(db.sql)).toEqual(["unread"]);

  await db.sql`
    INSERT INTO attio_sync.settings (key, value)
    VALUES ('chore:backfill', jsonb_build_object('wantedAt', now() - interval '2 hours'))`;
  expect(await wanted()).toEqual(["read_before", "unread"]);
  expect(await unfinishedStreams(db.sql)).toEqual(["read_before", "unread"]);
});

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
