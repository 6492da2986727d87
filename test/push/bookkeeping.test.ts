import { beforeAll, beforeEach, expect, it } from "vitest";
import { mendSequence } from "../../src/sync/start/mend-sequence.ts";
import { warnOfSubscriptions } from "../../src/sync/start/subscriptions.ts";
import { past } from "../support/as-daemon.ts";
import { drain } from "../support/live.ts";
import { findingsOf, noFindings, verifyOne } from "../support/verify.ts";
import { startWriting, type Writing } from "../support/writing.ts";
import { refusal } from "../support/writing-things.ts";

/** What a client would save that read the row before. */
const ABSURD = "9223372036854775807";

let writing: Writing;
let person: string;

beforeAll(async () => {
  writing = await startWriting({ mirror: { life: "file" } });
  const [row] = await writing.user<{ id: string }[]>`
    SELECT record_id AS id FROM attio.people ORDER BY record_id LIMIT 1`;
  person = row?.id ?? "";
});
beforeEach(() => writing.mirror.db.sql`TRUNCATE attio_sync.outbox`);

it.each([
  ["_fetch_seq", `UPDATE attio.people SET _fetch_seq = ${ABSURD}`],
  ["_hash", "UPDATE attio.people SET _hash = gen_random_uuid()"],
  ["_synced_at", "UPDATE attio.people SET _synced_at = now()"],
  ["_deleted_at", "UPDATE attio.people SET _deleted_at = now()"],
  ["_fetch_seq", "INSERT INTO attio.people (job_title, _fetch_seq) VALUES ('x', 7)"],
  ["_hash", "INSERT INTO attio.people (job_title, _hash) VALUES ('x', gen_random_uuid())"],
  ["_synced_at", "INSERT INTO attio.people (job_title, _synced_at) VALUES ('x', now())"],
  ["_deleted_at", "INSERT INTO attio.people (job_title, _deleted_at) VALUES ('x', now())"],
  [
    "_fetch_seq",
    `INSERT INTO attio.people (record_id, _fetch_seq) SELECT record_id, 0 FROM attio.people
     ON CONFLICT (record_id) DO UPDATE SET _fetch_seq = excluded._fetch_seq`,
  ],
])("bookkeeping: %s is the mirror's: %s", async (column, statement) => {
  expect(await refusal(writing.user.unsafe(statement))).toBe(
    `column "${column}" of attio.people is read-only: the mirror sets it`,
  );
});

it("bookkeeping that is written back as it is, or is left empty, is no change", async () => {
  const { user } = writing;
  await user`
    UPDATE attio.people SET _fetch_seq = _fetch_seq, _hash = _hash, _synced_at = _synced_at, _deleted_at = NULL,
      job_title = 'Whole' WHERE record_id = ${person}`;
  await user`
    INSERT INTO attio.people (job_title, created_at, web_url, _fetch_seq, _hash, _synced_at, _deleted_at)
    VALUES ('New', now(), NULL, NULL, NULL, NULL, NULL)`;
  expect(await user`SELECT operation, changes FROM attio.changes ORDER BY id`).toEqual([
    { operation: "update", changes: { job_title: "Whole" } },
    { operation: "insert", changes: { job_title: "New" } },
  ]);
  await past(writing.mirror.db.sql)`DELETE FROM attio.people WHERE job_title = 'New'`;
});

it("a start mends a number of a row that the sequence never gave, and leaves the sequence where it is", async () => {
  const { mirror } = writing;
  const { sql } = mirror.db;
  await past(sql)`UPDATE attio.people SET _fetch_seq = ${ABSURD}::int8 WHERE record_id = ${person}`;
  const warnings: unknown[] = [];
  const log = { ...mirror.deps.log, warn: (about: unknown) => void warnings.push(about) };
  await mendSequence(mirror.db, log);
  expect(warnings).toEqual([{ stream: "people", rows: 1 }]);
  const [row] = await sql<{ isBelow: boolean; hash: string | null }[]>`
    SELECT _fetch_seq <= (SELECT last_value FROM attio_sync.fetch_seq) AS "isBelow", _hash AS hash
    FROM attio.people WHERE record_id = ${person}`;
  expect(row).toEqual({ isBelow: true, hash: null });
  const [last] = await sql<{ isSmall: boolean }[]>`
    SELECT last_value < 1000000 AS "isSmall" FROM attio_sync.fetch_seq`;
  expect(last).toEqual({ isSmall: true });
  await drain(mirror);
  const [fetched] =
    await sql`SELECT _hash IS NOT NULL AS fetched FROM attio.people WHERE record_id = ${person}`;
  expect(fetched).toEqual({ fetched: true });
  await mendSequence(mirror.db, log);
  expect(warnings).toHaveLength(1);
});

it("verify reports a row whose number is above the sequence, and a repair mends it", async () => {
  const { mirror } = writing;
  await past(mirror.db.sql)`
    UPDATE attio.people SET _fetch_seq = (SELECT last_value + 100000 FROM attio_sync.fetch_seq) WHERE record_id = ${person}`;
  const result = await verifyOne(mirror, "people", { repair: true });
  expect(findingsOf(result)).toEqual({ ...noFindings("people"), different: 1 });
  expect(result.examples).toEqual([{ id: person, kind: "different", columns: ["_fetch_seq"] }]);
  expect(result.repaired).toBe(1);
  expect(findingsOf(await verifyOne(mirror, "people"))).toEqual(noFindings("people"));
});

it("a start warns of each mirror table that a subscription writes to", async () => {
  const { mirror } = writing;
  const { sql } = mirror.db;
  const warnings: unknown[] = [];
  const log = { ...mirror.deps.log, warn: (about: unknown) => void warnings.push(about) };
  const name = `sub_${Date.now().toString(36)}`;
  await sql.unsafe(
    `CREATE SUBSCRIPTION ${name} CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false)`,
  );
  try {
    await sql.begin(async (tx) => {
      await tx`SET LOCAL allow_system_table_mods = on`;
      await tx`
        INSERT INTO pg_subscription_rel (srsubid, srrelid, srsubstate)
        SELECT oid, 'attio.people'::regclass, 'r' FROM pg_subscription WHERE subname = ${name}`;
    });
    await warnOfSubscriptions(mirror.db, log);
  } finally {
    await sql.unsafe(`ALTER SUBSCRIPTION ${name} SET (slot_name = NONE)`);
    await sql.unsafe(`DROP SUBSCRIPTION ${name}`);
  }
  expect(warnings).toEqual([{ table: "people", subscription: name }]);
});

it("a sequence that an earlier version raised to its end starts again below the numbers that count", async () => {
  const { mirror } = writing;
  const { sql } = mirror.db;
  await past(sql)`UPDATE attio.people SET _fetch_seq = ${ABSURD}::int8 WHERE record_id = ${person}`;
  await sql`SELECT setval('attio_sync.fetch_seq', ${ABSURD}::int8)`;
  await mendSequence(mirror.db, mirror.deps.log);
  const [last] = await sql<{ isSmall: boolean; ahead: number }[]>`
    SELECT last_value < 1000000 AS "isSmall",
      (SELECT count(*) FROM attio.people WHERE _fetch_seq > last_value)::int AS ahead FROM attio_sync.fetch_seq`;
  expect(last).toEqual({ isSmall: true, ahead: 0 });
});
