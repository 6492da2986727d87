import { beforeAll, describe, expect, it } from "vitest";
import { markSync } from "../../src/db/locks.ts";
import { DEFAULT_SEED } from "../../src/sandbox/index.ts";
import type { StreamResult } from "../../src/sync/backfill/index.ts";
import { catalogSnapshot } from "../support/catalog.ts";
import { startMirror, type Mirror } from "../support/mirror.ts";
import { findDifferences } from "../support/oracle.ts";
import { rowVersions, touchedRows } from "../support/row-versions.ts";
import { past } from "../support/as-daemon.ts";

describe("a backfill of a whole company", () => {
  let mirror: Mirror;
  let first: StreamResult[];

  beforeAll(async () => {
    mirror = await startMirror({ sandbox: { seed: DEFAULT_SEED }, life: "file" });
    first = await mirror.backfill();
  });

  it("leaves the mirror equal to Attio, value by value", async () => {
    expect(await findDifferences(mirror.sandbox, mirror.db.sql)).toEqual([]);
  });

  it("says of every stream what it read, wrote and asked", () => {
    const streams = first.map((result) => result.stream);
    const { store } = mirror.sandbox;
    const objects = store.objects().map(({ slug }) => (slug === "notes" ? "object:notes" : slug));
    const lists = store.lists().map(({ slug }) => `list:${slug}`);
    const others = ["notes", "tasks", "meetings", "call_recordings", "comments", "files"];
    expect(streams).toEqual(["members", ...objects.toSorted(), ...lists.toSorted(), ...others]);
    for (const { state, reason, rows, written, unchanged, deleted, requests, ms } of first) {
      expect({ state, reason, written, unchanged, deleted }).toEqual({
        state: "ok",
        reason: null,
        written: rows,
        unchanged: 0,
        deleted: 0,
      });
      expect(requests).toBeGreaterThan(0);
      expect(ms).toBeGreaterThanOrEqual(0);
    }
    expect(rowsOf(first, "people")).toBe(store.records("people").length);
    expect(rowsOf(first, "list:sales")).toBe(store.entries("sales").length);
    expect(rowsOf(first, "notes")).toBe(store.notes().length);
    expect(rowsOf(first, "comments")).toBe(store.comments().length);
  });

  it("counts its requests as Attio does", async () => {
    mirror.sandbox.log.clear();
    const [people, tasks] = await mirror.backfill({ streams: ["people", "tasks"] });
    expect(people?.requests).toBe(mirror.sandbox.log.count({ path: /\/records\/query$/ }));
    expect(tasks?.requests).toBe(mirror.sandbox.log.count({ path: "/v2/tasks" }));
  });

  it("writes and locks no row and runs no DDL when it is run again", async () => {
    const catalog = await catalogSnapshot(mirror.db.sql);
    const before = await rowVersions(mirror.db.sql);
    const second = await mirror.backfill();
    expect(second.map(({ stream, rows }) => [stream, rows])).toEqual(
      first.map(({ stream, rows }) => [stream, rows]),
    );
    for (const { rows, written, unchanged } of second) expect([written, unchanged]).toEqual([0, rows]);
    expect(touchedRows(before, await rowVersions(mirror.db.sql))).toEqual([]);
    // Each run notes in its stream when it ended.
    const isSchema = (line: string) => !line.startsWith("stream ");
    expect((await catalogSnapshot(mirror.db.sql)).filter(isSchema)).toEqual(catalog.filter(isSchema));
  });

  it("drops U+0000, which Postgres cannot hold, and counts it", async () => {
    const [row] = await mirror.db.sql<{ dropped: number }[]>`
      SELECT sum(dropped_characters)::bigint AS dropped FROM attio_sync.run_parts`;
    expect(row?.dropped).toBeGreaterThan(0);
  });

  it("brings a row that somebody changed in the mirror back when its hash is gone", async () => {
    const { sql } = mirror.db;
    await past(sql)`UPDATE attio.people SET name = 'someone else', _hash = NULL, _fetch_seq = 0
      WHERE record_id = (SELECT min(record_id::text)::uuid FROM attio.people)`;
    const [people] = await mirror.backfill({ streams: ["people"] });
    expect(people?.written).toBe(1);
    const options = { sources: ["people"], resources: [] };
    expect(await findDifferences(mirror.sandbox, sql, options)).toEqual([]);
  });

  it("is compared by an oracle that sees any single difference", async () => {
    const { sql } = mirror.db;
    const options = { sources: ["projects", "sales"], resources: ["notes"] };
    const { table } = await projects(mirror);
    const harms = [
      `UPDATE ${table} SET name = name || ' ' WHERE key = 'P-3'`,
      `UPDATE ${table} SET effort = nextafter(effort) WHERE key = 'P-0'`,
      `UPDATE ${table} SET budget = budget + 0.0001 WHERE key = 'P-0'`,
      `UPDATE ${table} SET reviewed_at = reviewed_at + interval '1 microsecond' WHERE key = 'P-0'`,
      `UPDATE ${table} SET is_active = NULL WHERE record_id = (SELECT record_id FROM ${table} WHERE is_active LIMIT 1)`,
      `UPDATE ${table} SET labels = '{}' WHERE record_id = (SELECT record_id FROM ${table} WHERE labels IS NULL LIMIT 1)`,
      `UPDATE ${table} SET presence = jsonb_set(presence, '{shape,sides}', '-1')
       WHERE record_id = (SELECT record_id FROM ${table} WHERE presence IS NOT NULL LIMIT 1)`,
      `DELETE FROM attio.list_sales WHERE entry_id = (SELECT entry_id FROM attio.list_sales LIMIT 1)`,
      `INSERT INTO attio.list_sales (entry_id) VALUES (gen_random_uuid())`,
      `UPDATE attio.notes SET tags = '[]' WHERE note_id = (SELECT note_id FROM attio.notes WHERE tags <> '[]' LIMIT 1)`,
      `UPDATE attio.select_options SET title = title || '!'
       WHERE option_id = (SELECT option_id FROM attio.select_options LIMIT 1)`,
      `ALTER TABLE ${table} ALTER COLUMN effort TYPE numeric`,
    ];
    await sql.unsafe(NEXT_AFTER);
    for (const harm of harms) {
      await expect(
        sql.begin(async (tx) => {
          // No column that a trigger names can change its type.
          await tx.unsafe(`DROP TRIGGER attio_mirror_guard_columns ON ${table}`);
          await markSync(tx);
          const done = await tx.unsafe(harm);
          if (done.command !== "ALTER TABLE") expect([harm, done.count]).toEqual([harm, 1]);
          throw new Differences(await findDifferences(mirror.sandbox, tx as never, options));
        }),
      ).rejects.toSatisfy((error) => error instanceof Differences && error.found.length > 0, harm);
    }
    expect(await findDifferences(mirror.sandbox, sql, options)).toEqual([]);
  });
});

it("RAW keeps Attio's whole JSON of records and entries", async () => {
  const mirror = await startMirror({ sandbox: { seed: SMALL }, raw: true });
  const streams = ["projects", "people", "list:sales", "list:projects", "object:notes"];
  await mirror.backfill({ streams });
  const options = { sources: ["projects", "people", "sales", "notes"], resources: [], raw: true };
  expect(await findDifferences(mirror.sandbox, mirror.db.sql, options)).toEqual([]);

  const [one] = mirror.sandbox.store.records("projects");
  mirror.sandbox.store.updateRecord("projects", one?.id ?? "", { effort: 12.25 });
  await mirror.backfill({ streams });
  expect(await findDifferences(mirror.sandbox, mirror.db.sql, options)).toEqual([]);
});

it("without RAW no JSON is kept", async () => {
  const mirror = await startMirror();
  mirror.sandbox.store.createRecord("people", { name: "Lovelace, Ada" });
  await mirror.backfill({ streams: ["people"] });
  expect((await mirror.db.sql`SELECT 1 FROM attio.raw`).length).toBe(0);
});

it("a server that gives shorter pages than asked for is mirrored as well", async () => {
  const maxPage = {
    records: 7,
    entries: 3,
    notes: 4,
    tasks: 5,
    threads: 1,
    meetings: 6,
    recordings: 1,
    files: 1,
    attributes: 9,
    values: 2,
  };
  const mirror = await startMirror({ sandbox: { seed: SMALL, maxPage } });
  const results = await mirror.backfill();
  expect(results.filter(({ state }) => state !== "ok")).toEqual([]);
  expect(await findDifferences(mirror.sandbox, mirror.db.sql)).toEqual([]);
  const again = await mirror.backfill();
  expect(again.filter(({ written, state }) => written > 0 || state !== "ok")).toEqual([]);
});

it("an empty workspace is mirrored as one", async () => {
  const mirror = await startMirror();
  const results = await mirror.backfill();
  expect(results.map(({ stream, rows, state }) => [stream, rows, state])).toEqual([
    ["members", mirror.sandbox.store.members().length, "ok"],
    ["companies", 0, "ok"],
    ["people", 0, "ok"],
    ["notes", 0, "ok"],
    ["tasks", 0, "ok"],
    ["meetings", 0, "ok"],
    ["call_recordings", 0, "ok"],
    ["comments", 0, "ok"],
    ["files", 0, "ok"],
  ]);
  expect(await findDifferences(mirror.sandbox, mirror.db.sql)).toEqual([]);
});

it.each([
  { cap: 500, records: 700 },
  { cap: 100, records: 700 },
  { cap: 100, records: 100 },
  { cap: 100, records: 101 },
])(
  "equal timestamps: $records records of one millisecond are mirrored by pages of $cap",
  async ({ cap, records }) => {
    const mirror = await startMirror({ sandbox: { seed: "empty", maxPage: { records: cap } } });
    const { store } = mirror.sandbox;
    const moment = Date.parse("2024-05-06T07:08:09.123Z");
    const create = (index: number, createdAt: number) =>
      store.createRecord("companies", { name: `Company ${index}` }, { createdAt });
    for (let index = 0; index < 3; index++) create(index, moment - 5 + index);
    for (let index = 0; index < records; index++) create(index, moment);
    for (let index = 0; index < 3; index++) create(index, moment + 1 + index);
    const [result] = await mirror.backfill({ streams: ["companies"] });
    expect(result).toMatchObject({ rows: records + 6, written: records + 6, state: "ok" });
    const options = { sources: ["companies"], resources: [] };
    expect(await findDifferences(mirror.sandbox, mirror.db.sql, options)).toEqual([]);
  },
);

const SMALL = { people: 25, companies: 8, deals: 12, seed: 7, sameMillisecond: 10 };

/** Thrown to undo what was harmed. */
class Differences extends Error {
  readonly found: readonly string[];

  constructor(found: readonly string[]) {
    super("undo");
    this.found = found;
  }
}

/** The next larger number that a double can hold. */
const NEXT_AFTER = `CREATE FUNCTION nextafter(float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS
  $$ SELECT $1 * (1 + 2.3e-16::float8) $$`;

function rowsOf(results: readonly StreamResult[], stream: string): number | undefined {
  return results.find((result) => result.stream === stream)?.rows;
}

async function projects(mirror: Mirror): Promise<{ table: string }> {
  const [row] = await mirror.db.sql<{ table: string }[]>`
    SELECT format('attio.%I', table_name) AS table FROM attio.objects WHERE api_slug = 'projects'`;
  return { table: row?.table ?? "" };
}
