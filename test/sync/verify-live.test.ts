import { randomUUID } from "node:crypto";
import { afterEach, beforeAll, expect, test } from "vitest";
import type { Sql } from "../../src/db/index.ts";
import { markDirty } from "../../src/db/queries/dirty.ts";
import { setAside } from "../../src/db/queries/set-aside.ts";
import { ALL_SCOPES, type Item } from "../../src/sandbox/index.ts";
import { hydrate } from "../../src/sync/live/hydrate.ts";
import { openLiveStream } from "../../src/sync/live/live-stream.ts";
import { verify } from "../../src/sync/verify/index.ts";
import { startMirror, type Mirror } from "../support/mirror.ts";
import { findDifferences } from "../support/oracle.ts";
import { addThings, dirtyIds, plant, setAsideCodes, type Things } from "../support/things.ts";
import { findingsOf, noFindings, verifyOne } from "../support/verify.ts";
import { past } from "../support/as-daemon.ts";

let mirror: Mirror;
let sql: Sql;
let undo = () => {};

beforeAll(async () => {
  mirror = await startMirror({ life: "file" });
  ({ sql } = mirror.db);
});

afterEach(() => {
  undo();
  mirror.sandbox.faults.clear();
  mirror.sandbox.setScopes(ALL_SCOPES);
});

/** An object with records, mirrored. */
async function mirrored(count: number): Promise<{ things: Things; records: [Item, ...Item[]] }> {
  const things = addThings(mirror);
  const [first, ...others] = Array.from({ length: count }, (_, index) =>
    things.create({ name: `thing ${index}` }),
  );
  if (first === undefined) throw new Error("no records");
  await things.backfill();
  return { things, records: [first, ...others] };
}

function queriesOf({ slug }: Things): RegExp {
  return new RegExp(`/${mirror.sandbox.store.object(slug).id}/records/query$`);
}

/**
 * Does something once, while the first page of an object's records, or the first look at some of them by their ids, is
 * answered: the answer is settled, but not there yet.
 */
function whileAnswering(things: Things, what: "page" | "look", work: () => Promise<void> | void): void {
  let isDone = false;
  undo = mirror.sandbox.onAnswer(async ({ path }) => {
    if (isDone || !queriesOf(things).test(path) || asksByIds() !== (what === "look")) return;
    isDone = true;
    await work();
  });
}

function asksByIds(): boolean {
  return JSON.stringify(mirror.sandbox.log.requests.at(-1)?.body).includes("$in");
}

/** What a daemon would do about a doorbell. */
async function refetch(stream: string, id: string): Promise<void> {
  await markDirty(sql, stream, [id], "test");
  const live = await openLiveStream(mirror.deps, stream);
  if (live === undefined) throw new Error(`no stream ${stream}`);
  await hydrate(mirror.deps, live);
}

test("without a daemon, what colleagues did since the last backfill is drift", async () => {
  const { things, records } = await mirrored(5);
  const [changed, deleted] = records;
  things.update(changed.id, { name: "changed" });
  things.remove(deleted?.id ?? "");
  const created = things.create({ name: "created" });
  const result = await verifyOne(mirror, things.slug);
  expect(findingsOf(result)).toEqual({ ...noFindings(things.slug), different: 1, missing: 1, extra: 1 });
  expect(new Map(result.examples.map((drift) => [drift.id, [drift.kind, drift.columns]]))).toEqual(
    new Map([
      [changed.id, ["different", ["name"]]],
      [created.id, ["missing", []]],
      [deleted?.id, ["extra", []]],
    ]),
  );
  expect(await dirtyIds(sql, things.slug)).toEqual([]);
  expect((await verifyOne(mirror, things.slug, { repair: true })).repaired).toBe(3);
  expect(findingsOf(await verifyOne(mirror, things.slug))).toEqual(noFindings(things.slug));
  expect(await findDifferences(mirror.sandbox, sql, { sources: [things.slug], resources: [] })).toEqual([]);
});

test("an extra row is asked for by itself before it is reported", async () => {
  const { things } = await mirrored(3);
  const invented = randomUUID();
  await past(
    sql,
  )`INSERT INTO ${sql(`attio.${things.slug}`)} (record_id, created_at) VALUES (${invented}, now())`;
  mirror.sandbox.log.clear();
  expect(await verifyOne(mirror, things.slug)).toMatchObject({ extra: 1, different: 0, missing: 0 });
  expect(mirror.sandbox.log.count({ method: "GET", path: new RegExp(`/records/${invented}$`) })).toBe(1);
});

test("rows that a listing leaves out although Attio has them are compared, not reported as extra", async () => {
  const { things, records } = await mirrored(20);
  await past(sql)`UPDATE ${sql(`attio.${things.slug}`)} SET name = 'x' WHERE record_id = ${records[0].id}`;
  mirror.sandbox.faults.add({ kind: "short", items: 0, path: queriesOf(things), times: 1 });
  const result = await verifyOne(mirror, things.slug);
  expect(findingsOf(result)).toEqual({ ...noFindings(things.slug), different: 1 });
  expect(result.examples).toEqual([{ id: records[0].id, kind: "different", columns: ["name"] }]);
});

test("a row that is suspected in two places far apart is reported once", async () => {
  const things = addThings(mirror);
  const beganMs = Date.parse("2024-01-01T00:00:00Z");
  const records = Array.from({ length: 620 }, (_, index) =>
    mirror.sandbox.store.createRecord(things.slug, { name: "a" }, { createdAt: beganMs + index * 1000 }),
  );
  await things.backfill();
  const table = sql(`attio.${things.slug}`);
  await past(sql)`UPDATE ${table} SET name = 'x'`;
  await past(sql)`UPDATE ${table} SET created_at = '2025-01-01' WHERE record_id = ${records[0]?.id ?? ""}`;
  expect(findingsOf(await verifyOne(mirror, things.slug))).toEqual({
    ...noFindings(things.slug),
    different: 620,
  });
});

test("a change that the daemon takes up before the second look is no drift", async () => {
  const { things, records } = await mirrored(3);
  things.update(records[0].id, { name: "changed" });
  whileAnswering(things, "page", () => refetch(things.slug, records[0].id));
  expect(findingsOf(await verifyOne(mirror, things.slug))).toEqual(noFindings(things.slug));

  things.update(records[0].id, { name: "changed again" });
  undo();
  let isTaken = false;
  undo = mirror.sandbox.onRequest(async ({ path }) => {
    if (isTaken || !queriesOf(things).test(path) || !asksByIds()) return;
    isTaken = true;
    await refetch(things.slug, records[0].id);
  });
  expect(findingsOf(await verifyOne(mirror, things.slug))).toEqual({
    ...noFindings(things.slug),
    inFlight: 1,
  });
  expect(isTaken).toBe(true);
});

test("a row that an apply made newer than what was fetched is looked at again", async () => {
  const { things, records } = await mirrored(3);
  things.update(records[0].id, { name: "first" });
  // The look finds "first", which the mirror never has.
  whileAnswering(things, "look", async () => {
    things.update(records[0].id, { name: "second" });
    await refetch(things.slug, records[0].id);
    await sql`DELETE FROM attio_sync.dirty`;
  });
  expect(findingsOf(await verifyOne(mirror, things.slug))).toEqual({
    ...noFindings(things.slug),
    inFlight: 1,
  });
});

test("a row that a deletion overtook is looked at again, and is no drift", async () => {
  const { things, records } = await mirrored(3);
  const { id } = records[0];
  things.update(id, { name: "first" });
  whileAnswering(things, "look", async () => {
    things.remove(id);
    await refetch(things.slug, id);
    await sql`DELETE FROM attio_sync.dirty`;
  });
  expect(findingsOf(await verifyOne(mirror, things.slug))).toEqual({
    ...noFindings(things.slug),
    inFlight: 1,
  });
});

test("a record that Attio goes on changing is in flight", async () => {
  const { things, records } = await mirrored(3);
  let edits = 0;
  undo = mirror.sandbox.onRequest(({ path }) => {
    if (queriesOf(things).test(path)) things.update(records[0].id, { name: `edit ${++edits}` });
  });
  expect(findingsOf(await verifyOne(mirror, things.slug))).toEqual({
    ...noFindings(things.slug),
    inFlight: 1,
  });
  expect(edits).toBeGreaterThan(2);
});

test("what waits to be fetched again is in flight; a repair fetches it", async () => {
  const { things, records } = await mirrored(4);
  const [changed, deleted, tampered] = records;
  things.update(changed.id, { name: "changed" });
  things.remove(deleted?.id ?? "");
  await past(
    sql,
  )`UPDATE ${sql(`attio.${things.slug}`)} SET name = 'x' WHERE record_id = ${tampered?.id ?? ""}`;
  await markDirty(sql, things.slug, [changed.id, deleted?.id ?? "", tampered?.id ?? ""], "test");
  // No fetch would write the row whose hash is as it should be: its mark explains nothing.
  const expected = { ...noFindings(things.slug), inFlight: 2, different: 1 };
  expect(findingsOf(await verifyOne(mirror, things.slug))).toEqual(expected);
  await verifyOne(mirror, things.slug, { repair: true });
  expect(findingsOf(await verifyOne(mirror, things.slug))).toEqual(noFindings(things.slug));
});

test("rows that were set aside are told apart, by reason", async () => {
  const things = addThings(mirror, [
    { slug: "effort", type: "number" },
    { slug: "stars", type: "rating" },
  ]);
  const [unreadable, refused, failed, tampered] = ["a", "b", "c", "d"].map((name) => things.create({ name }));
  if (!unreadable || !refused || !failed || !tampered) throw new Error("four were made");
  plant(mirror, unreadable, "effort", { value: "many" });
  plant(mirror, refused, "stars", { value: 70_000 });
  await things.backfill();
  things.update(failed.id, { name: "changed" });
  await past(sql)`UPDATE ${sql(`attio.${things.slug}`)} SET name = 'x' WHERE record_id = ${tampered.id}`;
  const failure = { code: "hydrate_failed", reason: "test" };
  await setAside(sql, things.slug, [
    { id: failed.id, ...failure },
    { id: tampered.id, ...failure },
  ]);
  expect(findingsOf(await verifyOne(mirror, things.slug))).toEqual({
    ...noFindings(things.slug),
    different: 1,
    setAside: { unreadable: 1, row_refused: 1, hydrate_failed: 1 },
  });
});

test("a row that turned unreadable or unfit since the backfill is drift until a repair sets it aside", async () => {
  const things = addThings(mirror, [
    { slug: "effort", type: "number" },
    { slug: "stars", type: "rating" },
  ]);
  const [unreadable, refused] = [things.create({ name: "a" }), things.create({ name: "b" })];
  await things.backfill();
  plant(mirror, unreadable, "effort", { value: "many" });
  plant(mirror, refused, "stars", { value: 70_000 });
  expect(findingsOf(await verifyOne(mirror, things.slug))).toEqual({
    ...noFindings(things.slug),
    different: 2,
  });
  await verifyOne(mirror, things.slug, { repair: true });
  expect(findingsOf(await verifyOne(mirror, things.slug))).toEqual({
    ...noFindings(things.slug),
    setAside: { unreadable: 1, row_refused: 1 },
  });
});

test("a schema that changes between a page and its comparison costs one more request", async () => {
  const { things, records } = await mirrored(3);
  await past(sql)`UPDATE ${sql(`attio.${things.slug}`)} SET name = 'x' WHERE record_id = ${records[0].id}`;
  whileAnswering(things, "page", async () => {
    mirror.sandbox.store.updateAttribute(things.slug, "name", { slug: "label" });
    await mirror.syncSchema();
  });
  const result = await verifyOne(mirror, things.slug);
  expect(findingsOf(result)).toEqual({ ...noFindings(things.slug), different: 1 });
  expect(result.examples[0]?.columns).toEqual(["label"]);
  expect(result.rows).toBe(3);

  undo();
  whileAnswering(things, "look", async () => {
    mirror.sandbox.store.updateAttribute(things.slug, "label", { slug: "title" });
    await mirror.syncSchema();
  });
  const again = await verifyOne(mirror, things.slug);
  expect(again.examples).toEqual([{ id: records[0].id, kind: "different", columns: ["title"] }]);
});

test("titles are compared as the schema has them, and what Attio does not show of a record is left out", async () => {
  const things = addThings(mirror, [
    { slug: "stage", type: "status", choices: ["Before"] },
    { slug: "kept", type: "text" },
  ]);
  const record = things.create({ name: "a", stage: "Before", kept: "old" });
  await things.backfill();
  mirror.sandbox.store.updateAttribute(things.slug, "kept", { isArchived: true });
  await mirror.syncSchema();
  await past(sql)`UPDATE ${sql(`attio.${things.slug}`)} SET kept = 'x' WHERE record_id = ${record.id}`;
  mirror.sandbox.store.updateStatus(things.slug, "stage", "Before", { title: "After" });
  await things.backfill();
  expect(findingsOf(await verifyOne(mirror, things.slug))).toEqual(noFindings(things.slug));
  await past(sql)`UPDATE ${sql(`attio.${things.slug}`)} SET stage = 'Before' WHERE record_id = ${record.id}`;
  const { examples } = await verifyOne(mirror, things.slug);
  expect(examples).toEqual([{ id: record.id, kind: "different", columns: ["stage"] }]);
});

test("a repair deletes no more than the cap allows and says what it held back", async () => {
  const { things } = await mirrored(5);
  await past(sql)`INSERT INTO ${sql(`attio.${things.slug}`)} (record_id, created_at)
    SELECT gen_random_uuid(), '2024-01-01' FROM generate_series(1, 130)`;
  const result = await verifyOne(mirror, things.slug, { repair: true });
  expect(result).toMatchObject({ extra: 130, repaired: 100, heldBack: 30 });
  expect((await things.rows()).size).toBe(35);
  expect(new Set((await setAsideCodes(sql, things.slug)).values())).toEqual(new Set(["deletion_held_back"]));
  expect(findingsOf(await verifyOne(mirror, things.slug))).toEqual({
    ...noFindings(things.slug),
    setAside: { deletion_held_back: 30 },
  });
});

test("a row that a user has locked is left to its mark, and the repair does not wait", async () => {
  const { things, records } = await mirrored(2);
  const table = sql(`attio.${things.slug}`);
  await past(sql)`UPDATE ${table} SET name = 'x' WHERE record_id = ${records[0].id}`;
  await sql.begin(async (user) => {
    await user`SELECT 1 FROM ${table} WHERE record_id = ${records[0].id} FOR UPDATE`;
    expect(await verifyOne(mirror, things.slug, { repair: true })).toMatchObject({ different: 1 });
  });
  expect(await verifyOne(mirror, things.slug, { repair: true })).toMatchObject({ different: 1, repaired: 1 });
  expect(findingsOf(await verifyOne(mirror, things.slug))).toEqual(noFindings(things.slug));
});

test("a stream that cannot be read has a state, and the others are compared", async () => {
  const { things } = await mirrored(3);
  const { things: other } = await mirrored(3);
  mirror.sandbox.store.createNote({ record: other.create({ name: "subject" }), title: "t", content: "c" });
  await mirror.backfill({ streams: [other.slug, "notes"] });
  mirror.sandbox.setScopes(ALL_SCOPES.filter((scope) => !scope.startsWith("note")));
  mirror.sandbox.faults.add({ kind: "status", status: 500, path: queriesOf(things) });
  const results = await verify(mirror.deps, { streams: [things.slug, other.slug, "notes"] });
  expect(results.map(({ stream, state }) => [stream, state])).toEqual([
    [things.slug, "failed"],
    [other.slug, "ok"],
    ["notes", "forbidden"],
  ]);
  for (const { state, reason } of results) expect(reason === null).toBe(state === "ok");
  const states = await sql`SELECT DISTINCT state FROM attio_sync.streams
    WHERE stream IN ${sql([things.slug, other.slug, "notes"])}`;
  expect(states).toEqual([{ state: "ok" }]);
  expect(await sql`SELECT 1 FROM attio_sync.runs WHERE state = 'verifying'`).toHaveLength(0);

  mirror.sandbox.setScopes(ALL_SCOPES);
  mirror.sandbox.faults.add({ kind: "short", items: 0, path: /\/v2\/notes$/ });
  expect(await verifyOne(mirror, "notes")).toMatchObject({ state: "empty", extra: 0, different: 0 });
});

test("beside a backfill, both come to their ends", async () => {
  const { things } = await mirrored(50);
  const other = await mirror.another();
  const [[backfilled], verified] = await Promise.all([
    other.backfill({ streams: [things.slug, "tasks"] }),
    verify(mirror.deps, { streams: [things.slug, "tasks"] }),
  ]);
  expect(backfilled).toMatchObject({ state: "ok", rows: 50 });
  expect(verified.map(({ state }) => state)).toEqual(["ok", "ok"]);
  expect(verified.map(findingsOf)).toEqual([noFindings(things.slug), noFindings("tasks")]);
});

test("with RAW, the whole JSON is compared too", async () => {
  const own = await startMirror({ raw: true });
  const things = addThings(own);
  const [one, two] = [things.create({ name: "a" }), things.create({ name: "b" })];
  await things.backfill();
  expect(findingsOf(await verifyOne(own, things.slug))).toEqual(noFindings(things.slug));
  await own.db.sql`UPDATE attio.raw SET values = values || '{"name": []}' WHERE id = ${one.id}`;
  await own.db.sql`DELETE FROM attio.raw WHERE id = ${two.id}`;
  const { examples } = await verifyOne(own, things.slug, { repair: true });
  const columns = ["attio.raw"];
  expect(new Set(examples)).toEqual(
    new Set([one, two].map(({ id }) => ({ id, kind: "different", columns }))),
  );
  expect(findingsOf(await verifyOne(own, things.slug))).toEqual(noFindings(things.slug));
  const options = { sources: [things.slug], resources: [], raw: true };
  expect(await findDifferences(own.sandbox, own.db.sql, options)).toEqual([]);
});

test("with DELETE_MODE soft, a repair marks what is extra and brings back what was marked", async () => {
  const own = await startMirror({ deleteMode: "soft" });
  const things = addThings(own);
  const record = things.create({ name: "a" });
  await things.backfill();
  const invented = randomUUID();
  const table = own.db.sql(`attio.${things.slug}`);
  await past(own.db.sql)`INSERT INTO ${table} (record_id, created_at) VALUES (${invented}, now())`;
  await past(own.db.sql)`UPDATE ${table} SET _deleted_at = now() WHERE record_id = ${record.id}`;
  const result = await verifyOne(own, things.slug, { repair: true });
  expect(result).toMatchObject({ missing: 1, extra: 1, repaired: 2 });
  const rows = await things.rows();
  expect(rows.get(invented)?._deleted_at).not.toBeNull();
  expect(rows.get(record.id)?._deleted_at).toBeNull();
  expect(findingsOf(await verifyOne(own, things.slug))).toEqual(noFindings(things.slug));
});
