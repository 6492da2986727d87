import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../../src/db/index.ts";
import { readBacklog } from "../../src/db/queries/backlog.ts";
import { countChanges } from "../../src/db/queries/change-counts.ts";
import { choreStates } from "../../src/db/queries/chores.ts";
import { releaseOrphans } from "../../src/db/queries/dirty.ts";
import { releaseOrphanChanges } from "../../src/db/queries/outbox.ts";
import { findBulk } from "../../src/db/queries/outbox-bulk.ts";
import { findCandidates } from "../../src/db/queries/outbox-candidates.ts";
import { wantedStreams } from "../../src/db/queries/wanted-streams.ts";
import { transact } from "../../src/db/tx.ts";
import { writeHistory } from "../../src/sync/apply/history.ts";
import { createMigratedDatabase } from "../support/migrated.ts";

/** Rows of each kind that are kept, of which none is to be done anything with. */
const KEPT = 5_000;
const STREAMS = 10;

test("what is looked for each second is found without reading all that is kept", async () => {
  const database = await createMigratedDatabase();
  onTestFinished(() => database.drop());
  await database.sql`
    INSERT INTO attio_sync.streams (stream, kind, state)
    SELECT 'stream_' || i, 'object', 'ok' FROM generate_series(1, ${STREAMS}::int) i`;
  await database.sql`
    INSERT INTO attio_sync.runs (stream, state, first_ticket, started_at, finished_at)
    SELECT 'stream_' || i % ${STREAMS}::int + 1, 'done', i, now(), now() FROM generate_series(1, ${KEPT}::int) i`;
  await database.sql`
    INSERT INTO attio_sync.outbox (stream, record_id, operation, changes, base, status, pushed_at)
    SELECT 'stream_1', gen_random_uuid(), 'update', '{}', '{}', 'pushed', now() FROM generate_series(1, ${KEPT}::int)`;
  await database.sql`
    INSERT INTO attio_sync.webhook_events (generation, idempotency_key, body, processed_at)
    SELECT 1, i::text, '', now() FROM generate_series(1, ${KEPT}::int) i`;
  await database.sql`VACUUM ANALYZE attio_sync.runs, attio_sync.outbox, attio_sync.webhook_events`;

  // What a transaction has read is known in it alone.
  const db = await openDatabase(database.url, { connections: 1 });
  onTestFinished(() => db.close());
  const { sql } = db;
  await sql.unsafe("BEGIN");
  await releaseOrphans(sql);
  await releaseOrphanChanges(sql);
  await readBacklog(sql);
  await choreStates(sql);
  await countChanges(sql);
  expect((await wantedStreams(sql, 0)).wanted).toEqual([]);
  const read = await sql<{ name: string; rows: number }[]>`
    SELECT relname AS name, (seq_tup_read + coalesce(idx_tup_fetch, 0))::int AS rows FROM pg_stat_xact_user_tables
    WHERE schemaname = 'attio_sync' AND relname IN ('runs', 'outbox', 'webhook_events') ORDER BY relname`;
  await sql.unsafe("ROLLBACK");
  expect(read.map(({ name }) => name)).toEqual(["outbox", "runs", "webhook_events"]);
  expect(read.filter(({ rows }) => rows > KEPT / 10)).toEqual([]);
});

/** Rows of the outbox that a claim reads, at most: a few of each batch that it looks at. */
const READ_BY_CLAIM = 4_000;

test.each([
  ["of one batch", 100_000, 0],
  ["of a batch each", 50_000, 1],
])("a claim reads a few rows of the outbox, however many changes wait: %s", async (_, waiting, step) => {
  const database = await createMigratedDatabase();
  onTestFinished(() => database.drop());
  await database.sql`
    INSERT INTO attio_sync.outbox (stream, record_id, operation, changes, base, batch)
    SELECT 'stream_1', gen_random_uuid(), 'update', '{}', '{}', 1000 + i * ${step}::int FROM generate_series(1, ${waiting}::int) i`;
  await database.sql`
    INSERT INTO attio_sync.streams (stream, kind, state, writes_paused_until)
    VALUES ('paused', 'object', 'ok', now() + interval '1 hour')`;
  await database.sql`
    INSERT INTO attio_sync.outbox (stream, record_id, operation, changes, base, batch)
    SELECT 'paused', gen_random_uuid(), 'update', '{}', '{}', i FROM generate_series(1, ${waiting}::int / 10) i`;
  await database.sql`ANALYZE attio_sync.outbox`;

  const db = await openDatabase(database.url, {
    connections: 1,
    parameters: { enable_sort: "off", enable_bitmapscan: "off" },
  });
  onTestFinished(() => db.close());
  const { sql } = db;
  await sql.unsafe("BEGIN");
  expect((await findCandidates(sql, { small: 16, bulk: 16 }, 0)).rows).toHaveLength(16);
  expect((await findCandidates(sql, { small: 16, bulk: 16 }, 40_000)).rows).toHaveLength(16);
  await findBulk(sql, { deletes: 100, inserts: 1_000 }, []);
  await readBacklog(sql);
  const [read] = await sql<{ rows: number }[]>`
    SELECT (seq_tup_read + coalesce(idx_tup_fetch, 0))::int AS rows FROM pg_stat_xact_user_tables
    WHERE schemaname = 'attio_sync' AND relname = 'outbox'`;
  await sql.unsafe("ROLLBACK");
  expect(read?.rows).toBeGreaterThan(16);
  expect(read?.rows).toBeLessThan(READ_BY_CLAIM);
});

test("a guard against bulks reads no more rows than tell that there are too many", async () => {
  const database = await createMigratedDatabase();
  onTestFinished(() => database.drop());
  await database.sql`
    INSERT INTO attio_sync.outbox (stream, record_id, operation, changes, base)
    SELECT 'stream_' || i % 2, gen_random_uuid(), 'insert', '{}', '{}' FROM generate_series(1, 20000) i`;
  const db = await openDatabase(database.url, {
    connections: 1,
    parameters: { enable_sort: "off", enable_bitmapscan: "off" },
  });
  onTestFinished(() => db.close());
  const { sql } = db;
  await sql.unsafe("BEGIN");
  const bulks = await findBulk(sql, { deletes: 100, inserts: 1_000 }, []);
  expect(bulks.map(({ stream, operation }) => `${operation} ${stream}`).toSorted()).toEqual([
    "insert stream_0",
    "insert stream_1",
  ]);
  expect(
    await findBulk(sql, { deletes: 100, inserts: 1_000 }, ["insert stream_0", "insert stream_1"]),
  ).toEqual([]);
  const [read] = await sql<{ rows: number }[]>`
    SELECT (seq_tup_read + coalesce(idx_tup_fetch, 0))::int AS rows FROM pg_stat_xact_user_tables
    WHERE schemaname = 'attio_sync' AND relname = 'outbox'`;
  await sql.unsafe("ROLLBACK");
  expect(read?.rows).toBeLessThan(2_100);
});

/** Changes of an apply, each of another record. */
const CHANGES = 200;

test("a change reads its own record's past alone, also while PostgreSQL knows nothing of the table", async () => {
  const database = await createMigratedDatabase();
  onTestFinished(() => database.drop());
  await database.sql`ALTER TABLE attio.value_history SET (autovacuum_enabled = false)`;
  await database.sql`
    INSERT INTO attio.value_history (object, record_id, attribute, value, active_from)
    SELECT 'companies', gen_random_uuid(), 'name', to_jsonb(i), now() FROM generate_series(1, ${KEPT}::int) i`;
  const records = await database.sql<{ id: string; old: unknown }[]>`
    SELECT record_id AS id, value AS old FROM attio.value_history LIMIT ${CHANGES}`;
  const changes = records.map((record) => ({ ...record, attribute: "name", column: "name", new: "new" }));

  await transact(database.sql, async (tx) => {
    await writeHistory(tx, "companies", changes, new Map(), () => false);
    const [read] = await tx<{ rows: number }[]>`
      SELECT (seq_tup_read + coalesce(idx_tup_fetch, 0))::int AS rows FROM pg_stat_xact_user_tables
      WHERE schemaname = 'attio' AND relname = 'value_history'`;
    // Once to see what is there, once to end it.
    expect(read?.rows).toBeGreaterThanOrEqual(CHANGES);
    expect(read?.rows).toBeLessThanOrEqual(3 * CHANGES);
  });
  const ended = await database.sql`SELECT FROM attio.value_history WHERE active_until IS NOT NULL`;
  expect(ended).toHaveLength(CHANGES);
});
