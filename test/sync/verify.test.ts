import { randomUUID } from "node:crypto";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Sql } from "../../src/db/index.ts";
import { lockExclusive, streamLock } from "../../src/db/locks.ts";
import { markDirty } from "../../src/db/queries/dirty.ts";
import { setAside } from "../../src/db/queries/set-aside.ts";
import { bumpPlanVersion } from "../../src/db/queries/streams.ts";
import { ALL_SCOPES, DEFAULT_SEED } from "../../src/sandbox/index.ts";
import type { StreamResult } from "../../src/sync/backfill/index.ts";
import { UnknownStreamError } from "../../src/sync/streams.ts";
import { verify, type StreamVerification, type VerifyOptions } from "../../src/sync/verify/index.ts";
import { startMirror, type Mirror } from "../support/mirror.ts";
import { findDifferences } from "../support/oracle.ts";
import { rowVersions } from "../support/row-versions.ts";
import { dataColumns, tamper } from "../support/tamper.ts";
import { addThings, dirtyIds, setAsideCodes, type Things } from "../support/things.ts";

/** What a comparison found, without what every one of them has. */
function findingsOf({ stream, different, missing, extra, inFlight, setAside }: StreamVerification) {
  return { stream, different, missing, extra, inFlight, setAside };
}

const none = (stream: string) => ({ stream, different: 0, missing: 0, extra: 0, inFlight: 0, setAside: {} });

async function verifyOne(
  mirror: Mirror,
  stream: string,
  options: VerifyOptions = {},
): Promise<StreamVerification> {
  const [result] = await verify(mirror.deps, { ...options, streams: [stream] });
  if (result === undefined) throw new Error("a comparison of one stream came to nothing");
  return result;
}

describe("a mirror of a whole company", () => {
  let mirror: Mirror;
  let sql: Sql;
  let filled: StreamResult[];

  beforeAll(async () => {
    mirror = await startMirror({ sandbox: { seed: DEFAULT_SEED }, life: "file" });
    ({ sql } = mirror.db);
    filled = await mirror.backfill();
  });

  /** Repairs a stream and finds it equal, by the oracle's word too. */
  async function expectRepaired(stream: string, sources: string[], resources: string[]): Promise<void> {
    const { repaired, different, missing, extra } = await verifyOne(mirror, stream, { repair: true });
    expect(repaired).toBe(different + missing + extra);
    expect(repaired).toBeGreaterThan(0);
    expect(findingsOf(await verifyOne(mirror, stream))).toEqual(none(stream));
    expect(await findDifferences(mirror.sandbox, sql, { sources, resources })).toEqual([]);
  }

  test("that is equal has no drift in any stream, and is not written to", async () => {
    const before = await rowVersions(sql);
    const results = await verify(mirror.deps);
    expect(results.map(findingsOf)).toEqual(filled.map(({ stream }) => none(stream)));
    expect(results.map(({ stream, rows, state }) => [stream, rows, state])).toEqual(
      filled.map(({ stream, rows }) => [stream, rows, "ok"]),
    );
    expect(await rowVersions(sql)).toEqual(before);
    expect(await sql`SELECT 1 FROM attio_sync.runs WHERE state = 'verifying'`).toHaveLength(0);
  });

  test("asks no more of Attio than a backfill does, and all of it as bulk work", async () => {
    const priorities = new Set<string>();
    const stop = mirror.sandbox.log.count({});
    const results = await verify(mirror.deps, { streams: ["people", "tasks", "list:sales"] });
    expect(mirror.sandbox.log.count({})).toBeGreaterThan(stop);
    for (const { stream, requests } of results) {
      expect(requests).toBeLessThanOrEqual(filled.find((one) => one.stream === stream)?.requests ?? 0);
    }
    expect(priorities.size).toBe(0);
  });

  test.each([
    ["projects", "projects", "record_id"],
    ["people", "people", "record_id"],
    ["companies", "companies", "record_id"],
    ["deals", "deals", "record_id"],
    ["list:sales", "list_sales", "entry_id"],
  ])("%s: any one value changed by SQL is found, with its column", async (stream, table, key) => {
    const columns = await shownColumns(stream, table);
    const rows = await sql.unsafe<{ id: string }[]>(`SELECT ${key} AS id FROM attio.${table} ORDER BY 1`);
    const expected = new Map<string, string[]>();
    for (const [index, column] of columns.entries()) {
      const { id } = rows[index % rows.length] ?? { id: "" };
      await tamper(sql, { table, key, id }, column);
      expected.set(id, [...(expected.get(id) ?? []), column.name]);
    }
    const result = await verifyOne(mirror, stream);
    expect(findingsOf(result)).toEqual({ ...none(stream), different: expected.size });
    for (const { id, kind, columns: found } of result.examples) {
      expect([id, kind, found.toSorted()]).toEqual([id, "different", expected.get(id)?.toSorted()]);
    }
    expect(result.examples).toHaveLength(Math.min(5, expected.size));
    await expectRepaired(stream, [stream.replace("list:", "")], []);
  });

  /** Columns of attributes that Attio shows. */
  async function shownColumns(stream: string, table: string) {
    const archived = await sql<{ column: string; sides: string[] }[]>`
      SELECT a.column_name AS column, ARRAY(SELECT value FROM jsonb_each_text(a.side_columns)) AS sides
      FROM attio.attributes a JOIN attio_sync.streams s ON s.source_id = a.object_id
      WHERE s.stream = ${stream} AND a.is_archived`;
    const hidden = new Set(archived.flatMap(({ column, sides }) => [column, ...sides]));
    return (await dataColumns(sql, table)).filter(({ name }) => !hidden.has(name));
  }

  test.each([
    ["members", "workspace_members", "workspace_member_id"],
    ["notes", "notes", "note_id"],
    ["tasks", "tasks", "task_id"],
    ["meetings", "meetings", "meeting_id"],
    ["call_recordings", "call_recordings", "call_recording_id"],
    ["comments", "comments", "comment_id"],
    ["comments", "threads", "thread_id"],
    ["files", "files", "file_id"],
  ])(
    "%s: every column of %s, a deleted and an invented row are found and mended",
    async (stream, table, key) => {
      const columns = await dataColumns(sql, table);
      const rows = await sql.unsafe<{ id: string }[]>(`SELECT ${key} AS id FROM attio.${table} ORDER BY 1`);
      const [doomed, ...others] = rows.map(({ id }) => id);
      if (doomed === undefined || others.length === 0) throw new Error(`${table} is too small`);
      await sql.unsafe(`DELETE FROM attio.${table} WHERE ${key} = $1`, [doomed]);
      const expected = new Map<string, string[]>();
      for (const [index, column] of columns.entries()) {
        const id = others[index % others.length] ?? "";
        await tamper(sql, { table, key, id }, column);
        expected.set(id, [...(expected.get(id) ?? []), column.name]);
      }
      const invented = randomUUID();
      await sql.unsafe(
        `INSERT INTO attio.${table} SELECT (copy).* FROM (
      SELECT jsonb_populate_record(t, jsonb_build_object($1::text, $2::text)) AS copy
      FROM attio.${table} t WHERE ${key} = $3) made`,
        [key, invented, others.at(-1) ?? ""],
      );

      const result = await verifyOne(mirror, stream);
      expect(findingsOf(result)).toEqual({ ...none(stream), different: expected.size, missing: 1, extra: 1 });
      for (const { id, kind, columns: found } of result.examples) {
        const kinds = { [doomed]: "missing", [invented]: "extra" };
        expect([id, kind]).toEqual([id, kinds[id] ?? "different"]);
        expect(found.toSorted()).toEqual((expected.get(id) ?? []).toSorted());
      }
      await expectRepaired(stream, [], [table]);
    },
  );

  test("a row deleted by SQL is missing, one invented is extra, with or without a date", async () => {
    const [gone] = await sql<{ id: string }[]>`
      DELETE FROM attio.people WHERE record_id = (SELECT min(record_id::text)::uuid FROM attio.people)
      RETURNING record_id AS id`;
    const [dated, undated] = [randomUUID(), randomUUID()];
    await sql`INSERT INTO attio.people (record_id, created_at) VALUES (${dated}, '2024-02-03'), (${undated}, NULL)`;
    const result = await verifyOne(mirror, "people");
    expect(findingsOf(result)).toEqual({ ...none("people"), missing: 1, extra: 2 });
    expect(new Map(result.examples.map(({ id, kind }) => [id, kind]))).toEqual(
      new Map([
        [gone?.id, "missing"],
        [dated, "extra"],
        [undated, "extra"],
      ]),
    );
    await expectRepaired("people", ["people"], []);
  });

  test("a row whose creation was changed by SQL is one row that drifted, not two", async () => {
    await sql`UPDATE attio.people SET created_at = created_at + interval '1 year'
      WHERE record_id = (SELECT min(record_id::text)::uuid FROM attio.people)`;
    await sql`UPDATE attio.people SET created_at = NULL
      WHERE record_id = (SELECT max(record_id::text)::uuid FROM attio.people)`;
    const result = await verifyOne(mirror, "people");
    expect(findingsOf(result)).toEqual({ ...none("people"), different: 2 });
    await expectRepaired("people", ["people"], []);
  });

  test("a row marked deleted is not extra; one that Attio has is missing", async () => {
    await sql`INSERT INTO attio.deals (record_id, created_at, _deleted_at) VALUES (${randomUUID()}, '2024-02-03', now())`;
    await sql`UPDATE attio.deals SET _deleted_at = now()
      WHERE record_id = (SELECT min(record_id::text)::uuid FROM attio.deals WHERE _deleted_at IS NULL)`;
    expect(findingsOf(await verifyOne(mirror, "deals"))).toEqual({ ...none("deals"), missing: 1 });
    await expectRepaired("deals", ["deals"], []);
  });

  test("a stream that the workspace does not have is refused", async () => {
    await expect(verify(mirror.deps, { streams: ["peeple"] })).rejects.toThrow(UnknownStreamError);
  });
});
