import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { createAttioClient, createLocalBudget } from "../../src/attio/index.ts";
import type { Sql } from "../../src/db/index.ts";
import { DEFAULT_SEED } from "../../src/sandbox/index.ts";
import type { StreamResult } from "../../src/sync/backfill/index.ts";
import { UnknownStreamError } from "../../src/sync/streams.ts";
import { verify } from "../../src/sync/verify/index.ts";
import { startMirror, type Mirror } from "../support/mirror.ts";
import { findDifferences, type OracleOptions } from "../support/oracle.ts";
import { rowVersions, touchedRows } from "../support/row-versions.ts";
import { dataColumns, tamper, type TypedColumn } from "../support/tamper.ts";
import { findingsOf, noFindings, verifyOne } from "../support/verify.ts";
import { past } from "../support/as-daemon.ts";

/** Everything there is, of few records: comments and files cost a request for each of them. */
const SEED = { ...DEFAULT_SEED, people: 30, companies: 12, deals: 12, sameMillisecond: 5 };

let mirror: Mirror;
let sql: Sql;
let filled: StreamResult[];

beforeAll(async () => {
  mirror = await startMirror({ sandbox: { seed: SEED }, life: "file" });
  ({ sql } = mirror.db);
  filled = await mirror.backfill();
});

/** Repairs streams and finds them equal, by the oracle's word too. */
async function expectRepaired(streams: string | readonly string[], options: OracleOptions): Promise<void> {
  const all = [streams].flat();
  for (const { repaired, different, missing, extra } of await verify(mirror.deps, {
    streams: all,
    repair: true,
  })) {
    expect(repaired).toBe(different + missing + extra);
    expect(repaired).toBeGreaterThan(0);
  }
  for (const result of await verify(mirror.deps, { streams: all }))
    expect(findingsOf(result)).toEqual(noFindings(result.stream));
  expect(await findDifferences(mirror.sandbox, sql, options)).toEqual([]);
}

test("that is equal has no drift in any stream, and is not written to", async () => {
  const before = await rowVersions(sql);
  const results = await verify(mirror.deps);
  expect(results.map(findingsOf)).toEqual(filled.map(({ stream }) => noFindings(stream)));
  expect(results.map(({ stream, rows, state }) => [stream, rows, state])).toEqual(
    filled.map(({ stream, rows }) => [stream, rows, "ok"]),
  );
  expect(touchedRows(before, await rowVersions(sql))).toEqual([]);
  expect(await sql`SELECT 1 FROM attio_sync.runs WHERE state = 'verifying'`).toHaveLength(0);
});

test("asks no more of Attio than a backfill does, and all of it as bulk work", async () => {
  const priorities = new Set<string>();
  const client = createAttioClient({
    token: mirror.sandbox.token,
    baseUrl: mirror.sandbox.url,
    budget: createLocalBudget({ readsPerSecond: 2000, writesPerSecond: 100 }),
    hooks: { onRequest: ({ priority }) => void priorities.add(priority) },
  });
  const streams = ["people", "tasks", "list:sales"];
  await past(
    sql,
  )`UPDATE attio.people SET name = NULL WHERE record_id = (SELECT min(record_id::text)::uuid FROM attio.people)`;
  const repair = await verify({ ...mirror.deps, client }, { streams, repair: true });
  expect(repair.map(({ repaired }) => repaired)).toEqual([1, 0, 0]);
  const results = await verify({ ...mirror.deps, client }, { streams });
  await client.close();
  expect([...priorities]).toEqual(["backfill"]);
  for (const { stream, requests } of results) {
    expect(requests).toBeLessThanOrEqual(filled.find((one) => one.stream === stream)?.requests ?? 0);
  }
});

test("any one value of a record or an entry that was changed by SQL is found, with its column", async () => {
  const tables = [
    { stream: "projects", table: "projects", key: "record_id" },
    { stream: "people", table: "people", key: "record_id" },
    { stream: "companies", table: "companies", key: "record_id" },
    { stream: "deals", table: "deals", key: "record_id" },
    { stream: "list:sales", table: "list_sales", key: "entry_id" },
  ];
  const expected = new Map<string, Map<string, string[]>>();
  for (const { stream, table, key } of tables) {
    const rows = await sql.unsafe<{ id: string }[]>(
      `SELECT ${key} AS id FROM attio.${table} ORDER BY 1 LIMIT 5`,
    );
    const ids = rows.map(({ id }) => id);
    expected.set(stream, await tamperAll({ table, key }, ids, await shownColumns(stream, table)));
  }
  const streams = tables.map(({ stream }) => stream);
  for (const result of await verify(mirror.deps, { streams })) {
    const tampered = expected.get(result.stream) ?? new Map<string, string[]>();
    expect(findingsOf(result)).toEqual({ ...noFindings(result.stream), different: tampered.size });
    for (const { id, kind, columns: found } of result.examples)
      expect([id, kind, found.toSorted()]).toEqual([id, "different", tampered.get(id)]);
    expect(result.examples).toHaveLength(tampered.size);
  }
  const sources = streams.map((stream) => stream.replace("list:", ""));
  await expectRepaired(streams, { sources, resources: [] });
});

/** Changes every one of these columns in one of these rows; returns what must be found, by row. */
async function tamperAll(
  place: { table: string; key: string },
  ids: readonly string[],
  columns: readonly TypedColumn[],
): Promise<Map<string, string[]>> {
  const tampered = new Map<string, string[]>();
  for (const [index, column] of columns.entries()) {
    const id = ids[index % ids.length] ?? "";
    await tamper(sql, { ...place, id }, column);
    tampered.set(id, [...(tampered.get(id) ?? []), column.name].toSorted());
  }
  return tampered;
}

/** Columns of attributes that Attio shows. */
async function shownColumns(stream: string, table: string) {
  const archived = await sql<{ column: string; sides: string[] }[]>`
      SELECT a.column_name AS column, ARRAY(SELECT value FROM jsonb_each_text(a.side_columns)) AS sides
      FROM attio.attributes a JOIN attio_sync.streams s ON s.source_id = a.object_id
      WHERE s.stream = ${stream} AND a.is_archived`;
  const hidden = new Set(archived.flatMap(({ column, sides }) => [column, ...sides]));
  return (await dataColumns(sql, table)).filter(({ name }) => !hidden.has(name));
}

/** A tampered fixed table: what was changed in which row, which row is gone and which was never there. */
interface Tampered {
  columns: Map<string, string[]>;
  doomed: string;
  invented: string;
}

async function tamperTable(table: string, key: string): Promise<Tampered> {
  const rows = await sql.unsafe<{ id: string }[]>(`SELECT ${key} AS id FROM attio.${table} ORDER BY 1`);
  const [doomed, ...others] = rows.map(({ id }) => id);
  if (doomed === undefined || others.length === 0) throw new Error(`${table} is too small`);
  await past(sql).unsafe(`DELETE FROM attio.${table} WHERE ${key} = $1`, [doomed]);
  // With the deleted and the invented row, as many as are named as examples.
  const columns = await tamperAll({ table, key }, others.slice(0, 3), await dataColumns(sql, table));
  const invented = randomUUID();
  await past(sql).unsafe(
    `INSERT INTO attio.${table} SELECT (copy).* FROM (
      SELECT jsonb_populate_record(t, jsonb_build_object($1::text, $2::text)) AS copy
      FROM attio.${table} t WHERE ${key} = $3) made`,
    [key, invented, others.at(-1) ?? ""],
  );
  return { columns, doomed, invented };
}

// Comments and threads are one stream.
test.each([
  {
    stream: "comments",
    tables: [
      ["members", "workspace_members", "workspace_member_id"],
      ["notes", "notes", "note_id"],
      ["tasks", "tasks", "task_id"],
      ["meetings", "meetings", "meeting_id"],
      ["call_recordings", "call_recordings", "call_recording_id"],
      ["comments", "comments", "comment_id"],
      ["files", "files", "file_id"],
    ],
  },
  { stream: "threads", tables: [["comments", "threads", "thread_id"]] },
] as const)("every column of $tables, deleted and invented rows are found and mended", async ({ tables }) => {
  const expected = new Map<string, Tampered>();
  for (const [stream, table, key] of tables) expected.set(stream, await tamperTable(table, key));
  const streams = tables.map(([stream]) => stream);
  for (const result of await verify(mirror.deps, { streams })) {
    const tampered = expected.get(result.stream);
    if (tampered === undefined) throw new Error(`${result.stream} was not asked for`);
    const { columns, doomed, invented } = tampered;
    expect(findingsOf(result)).toEqual({
      ...noFindings(result.stream),
      different: columns.size,
      missing: 1,
      extra: 1,
    });
    for (const { id, kind, columns: found } of result.examples) {
      const kinds = { [doomed]: "missing", [invented]: "extra" };
      expect([id, kind]).toEqual([id, kinds[id] ?? "different"]);
      expect(found.toSorted()).toEqual(columns.get(id) ?? []);
    }
  }
  await expectRepaired(streams, { resources: tables.map(([, table]) => table) });
});

test("a row deleted by SQL is missing, one invented is extra, with or without a date", async () => {
  const [gone] = await past(sql)<{ id: string }[]>`
      DELETE FROM attio.people WHERE record_id = (SELECT min(record_id::text)::uuid FROM attio.people)
      RETURNING record_id AS id`;
  const [dated, undated] = [randomUUID(), randomUUID()];
  await past(
    sql,
  )`INSERT INTO attio.people (record_id, created_at) VALUES (${dated}, '2024-02-03'), (${undated}, NULL)`;
  const result = await verifyOne(mirror, "people");
  expect(findingsOf(result)).toEqual({ ...noFindings("people"), missing: 1, extra: 2 });
  expect(new Map(result.examples.map(({ id, kind }) => [id, kind]))).toEqual(
    new Map([
      [gone?.id, "missing"],
      [dated, "extra"],
      [undated, "extra"],
    ]),
  );
  await expectRepaired("people", { sources: ["people"], resources: [] });
});

test("a row whose creation was changed by SQL is one row that drifted, not two", async () => {
  await past(sql)`UPDATE attio.people SET created_at = created_at + interval '1 year'
      WHERE record_id = (SELECT min(record_id::text)::uuid FROM attio.people)`;
  await past(sql)`UPDATE attio.people SET created_at = NULL
      WHERE record_id = (SELECT max(record_id::text)::uuid FROM attio.people)`;
  const result = await verifyOne(mirror, "people");
  expect(findingsOf(result)).toEqual({ ...noFindings("people"), different: 2 });
  await expectRepaired("people", { sources: ["people"], resources: [] });
});

test("an invented row that hangs on nothing is extra", async () => {
  const invented = new Map<string, string[]>();
  for (const [stream, table, key, parent] of [
    ["comments", "comments", "comment_id", "record_id"],
    ["comments", "threads", "thread_id", "entry_id"],
    ["files", "files", "file_id", "record_id"],
    ["call_recordings", "call_recordings", "call_recording_id", "meeting_id"],
  ] as const) {
    const id = randomUUID();
    await past(sql).unsafe(`INSERT INTO attio.${table} (${key}, ${parent}) VALUES ($1, gen_random_uuid())`, [
      id,
    ]);
    invented.set(stream, [...(invented.get(stream) ?? []), id].toSorted());
  }
  const streams = [...invented.keys()];
  for (const result of await verify(mirror.deps, { streams })) {
    const ids = invented.get(result.stream) ?? [];
    expect(findingsOf(result)).toEqual({ ...noFindings(result.stream), extra: ids.length });
    expect(result.examples.map(({ id }) => id).toSorted()).toEqual(ids);
  }
  await expectRepaired(streams, { resources: ["comments", "threads", "files", "call_recordings"] });
});

test("a row marked deleted is not extra; one that Attio has is missing", async () => {
  await past(
    sql,
  )`INSERT INTO attio.deals (record_id, created_at, _deleted_at) VALUES (${randomUUID()}, '2024-02-03', now())`;
  await past(sql)`UPDATE attio.deals SET _deleted_at = now()
      WHERE record_id = (SELECT min(record_id::text)::uuid FROM attio.deals WHERE _deleted_at IS NULL)`;
  expect(findingsOf(await verifyOne(mirror, "deals"))).toEqual({ ...noFindings("deals"), missing: 1 });
  await expectRepaired("deals", { sources: ["deals"], resources: [] });
});

test("a stream that the workspace does not have is refused", async () => {
  await expect(verify(mirror.deps, { streams: ["peeple"] })).rejects.toThrow(UnknownStreamError);
});
