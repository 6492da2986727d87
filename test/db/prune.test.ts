import { beforeAll, expect, test } from "vitest";
import { prune } from "../../src/db/queries/prune.ts";
import { createMigratedDatabase, type MigratedDatabase } from "../support/migrated.ts";

const RETENTION = { deliveries: "7 days", tombstones: "30 days", runs: "30 days", changes: "30 days" };

let db: MigratedDatabase;

beforeAll(async () => {
  db = await createMigratedDatabase();
  return () => db.drop();
});

test("what is done with and past its time goes, and nothing else", async () => {
  await db.sql`
    INSERT INTO attio_sync.webhook_events (generation, idempotency_key, body, received_at, processed_at)
    SELECT 1, key, 'x', now() - age::interval, CASE WHEN done THEN now() END
    FROM (VALUES ('old', '8 days', true), ('waiting', '8 days', false), ('new', '6 days', true)) AS d(key, age, done)`;
  await db.sql`
    INSERT INTO attio_sync.tombstones (stream, id, fetch_seq, deleted_at)
    SELECT 'people', gen_random_uuid(), 1, now() - age::interval FROM (VALUES ('31 days'), ('29 days')) AS t(age)`;
  await db.sql`
    INSERT INTO attio_sync.runs (stream, state, first_ticket, started_at, finished_at)
    SELECT stream, 'done', 1, now() - age::interval, now() - age::interval
    FROM (VALUES ('people', '40 days'), ('people', '35 days'), ('notes', '50 days')) AS r(stream, age)`;

  await db.sql`
    INSERT INTO attio_sync.outbox (stream, record_id, operation, changes, base, status, created_at)
    SELECT 'people', gen_random_uuid(), 'update', '{}', '{}', status, now() - age::interval
    FROM (VALUES ('pushed', '31 days'), ('pushed', '29 days'), ('failed', '31 days')) AS c(status, age)`;

  expect(await prune(db.sql, RETENTION)).toEqual({ deliveries: 1, tombstones: 1, runs: 1, changes: 1 });
  expect(await db.sql`SELECT idempotency_key AS key FROM attio_sync.webhook_events ORDER BY 1`).toEqual([
    { key: "new" },
    { key: "waiting" },
  ]);
  expect(await db.sql`SELECT stream FROM attio_sync.runs ORDER BY 1`).toEqual([
    { stream: "notes" },
    { stream: "people" },
  ]);
  expect(await prune(db.sql, RETENTION)).toEqual({ deliveries: 0, tombstones: 0, runs: 0, changes: 0 });
});
