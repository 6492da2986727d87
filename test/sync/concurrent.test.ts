import { afterEach, beforeAll, expect, test } from "vitest";
import type { Sql } from "../../src/db/index.ts";
import type { Item } from "../../src/sandbox/index.ts";
import { startMirror, type Mirror } from "../support/mirror.ts";
import { findDifferences } from "../support/oracle.ts";
import { addThings, type Things } from "../support/things.ts";

/** Silent caps of the server, so that little data takes many pages. */
const MAX_PAGE = { records: 100, entries: 20, notes: 10, tasks: 10 };
const BEGAN_MS = Date.parse("2024-01-01T00:00:00Z");

let mirror: Mirror;
let sql: Sql;
let undo = () => {};

beforeAll(async () => {
  mirror = await startMirror({ life: "file", sandbox: { seed: "empty", maxPage: MAX_PAGE } });
  ({ sql } = mirror.db);
});

afterEach(() => undo());

/** Lets colleagues work before every answer to requests of this path, which come numbered from 1. */
function whileReading(path: RegExp, work: (request: number) => Promise<void> | void): void {
  let requests = 0;
  undo = mirror.sandbox.onRequest(async (request) => {
    if (path.test(request.path)) await work(++requests);
  });
}

function queriesOf({ slug }: Things): RegExp {
  return new RegExp(`/(${slug}|${mirror.sandbox.store.object(slug).id})/records/query$`);
}

function createMany({ slug }: Things, count: number, stepMs = 1000): Item[] {
  return Array.from({ length: count }, (_, index) =>
    mirror.sandbox.store.createRecord(
      slug,
      { name: `thing ${index}` },
      { createdAt: BEGAN_MS + index * stepMs },
    ),
  );
}

/** A record that is still there, another one each time. */
function pick({ slug }: Things, seed: number): Item {
  const records = mirror.sandbox.store.records(slug);
  const record = records[(seed * 7919) % records.length];
  if (record === undefined) throw new Error("no record is left");
  return record;
}

function mergeTwo(things: Things, seed: number): void {
  const [one, other] = [pick(things, seed), pick(things, seed + 1)];
  if (one !== other) mirror.sandbox.store.mergeRecords(things.slug, one.id, other.id);
}

async function differences(source: Things | string, resources: string[] = []): Promise<string[]> {
  const slug = typeof source === "string" ? source : source.slug;
  return findDifferences(mirror.sandbox, sql, { sources: [slug], resources });
}

test("records created, changed, deleted and merged under way: none that stays loses its place", async () => {
  const things = addThings(mirror);
  const { store } = mirror.sandbox;
  const before = createMany(things, 2000);
  whileReading(queriesOf(things), (request) => {
    things.create({ name: `new in ${request}` });
    for (let turn = 0; turn < 3; turn++) {
      things.update(pick(things, request * 10 + turn).id, { name: `changed in ${request}` });
      things.remove(pick(things, request * 20 + turn).id);
    }
    mergeTwo(things, request);
  });
  mirror.sandbox.log.clear();
  expect(await things.backfill()).toMatchObject({ state: "ok", reason: null });
  undo();
  const halves = mirror.sandbox.log
    .filter({ path: /query$/ })
    .filter((request) => JSON.stringify(request.body).includes('"$lt"'));
  expect(halves.length, "windows side by side").toBeGreaterThan(0);

  const rows = await things.rows();
  const alive = new Set(store.records(things.slug).map(({ id }) => id));
  const lost = before.filter(({ id }) => alive.has(id) && !rows.has(id));
  expect(lost.map(({ id }) => id)).toEqual([]);

  expect(await things.backfill()).toMatchObject({ state: "ok", reason: null });
  expect(await differences(things)).toEqual([]);
});

test("entries come and go with their records under way, and a second run leaves them equal", async () => {
  const things = addThings(mirror);
  const { store } = mirror.sandbox;
  const list = store.createList({ slug: "under_way", name: "Under way", parentObject: things.slug });
  for (const record of createMany(things, 120)) store.createEntry(list, record);
  const streams = [things.slug, "list:under_way"];
  whileReading(/entries\/query$/, (request) => {
    // Work stops before the records run out, however many pages are asked for.
    if (request > 40) return;
    if (request % 2 === 0) mergeTwo(things, request);
    else things.remove(pick(things, request).id);
    store.createEntry(list, pick(things, request + 2));
  });
  const first = await mirror.backfill({ streams });
  expect(first.map(({ reason }) => reason)).toEqual([null, null]);
  undo();
  const second = await mirror.backfill({ streams });
  expect(second.map(({ reason }) => reason)).toEqual([null, null]);
  expect(await differences(things)).toEqual([]);
  expect(await differences("under_way")).toEqual([]);
});

test("ties: of a page in one millisecond, a record deleted while it is read costs no other its place", async () => {
  const things = addThings(mirror);
  const records = createMany(things, 101, 0).map(({ id }) => id);
  const [lowest] = records.toSorted();
  let isDeleted = false;
  whileReading(queriesOf(things), () => {
    const reading = mirror.sandbox.log.requests.at(-1)?.body;
    if (isDeleted || !JSON.stringify(reading).includes('"offset":100')) return;
    isDeleted = true;
    things.remove(lowest ?? "");
  });
  expect(await things.backfill()).toMatchObject({ state: "ok", reason: null });
  expect(isDeleted).toBe(true);
  const rows = await things.rows();
  expect(records.filter((id) => id !== lowest && !rows.has(id))).toEqual([]);
});

test("a page in one millisecond is read in full even if Attio refuses an order by id", async () => {
  const things = addThings(mirror);
  createMany(things, 150, 0);
  let refused = 0;
  whileReading(queriesOf(things), () => {
    if (!JSON.stringify(mirror.sandbox.log.requests.at(-1)?.body).includes('"attribute":"record_id"')) return;
    refused += 1;
    mirror.sandbox.faults.add({ kind: "status", status: 400, path: queriesOf(things), times: 1 });
  });
  expect(await things.backfill()).toMatchObject({ state: "ok", rows: 150, written: 150 });
  undo();
  expect(refused).toBe(1);
  undo();
  expect(await differences(things)).toEqual([]);
});

test("a page in one millisecond: a title renamed while it is read is right afterwards", async () => {
  const things = addThings(mirror, [{ slug: "stage", type: "status", choices: ["Before", "Other"] }]);
  const { store } = mirror.sandbox;
  const records = Array.from({ length: 150 }, (_, index) =>
    store.createRecord(things.slug, { name: `${index}`, stage: "Before" }, { createdAt: BEGAN_MS }),
  );
  await things.backfill();
  for (const { id } of records) things.update(id, { name: "changed" });
  whileReading(queriesOf(things), async (request) => {
    if (request !== 3) return;
    store.updateStatus(things.slug, "stage", "Before", { title: "After" });
    const unknown = store.createStatus(things.slug, "stage", "Unknown");
    things.update(records[149]?.id ?? "", { stage: unknown.id });
    await mirror.syncSchema();
  });
  expect(await things.backfill()).toMatchObject({ state: "ok", reason: null });
  undo();
  await things.backfill();
  expect(await differences(things)).toEqual([]);
});

test.each(["notes", "tasks"] as const)(
  "%s deleted under way move others, none is passed over",
  async (kind) => {
    const { store } = mirror.sandbox;
    const things = addThings(mirror);
    const record = things.create({ name: "subject" });
    const create = (index: number) =>
      kind === "notes"
        ? store.createNote({ record, title: `${index}`, content: "text" })
        : store.createTask({ content: `${index}` });
    const all = () => (kind === "notes" ? store.notes() : store.tasks());
    const remove = (id: string) => (kind === "notes" ? store.deleteNote(id) : store.deleteTask(id));
    for (let index = 0; index < 95; index++) create(index);
    whileReading(new RegExp(`/v2/${kind}$`), (request) => {
      // A few each time, and once far more than the overlap holds.
      const gone = request === 4 ? 17 : 2;
      for (const one of all().slice(0, gone)) remove(one.id);
      if (request < 10) create(1000 + request);
    });
    const [result] = await mirror.backfill({ streams: [kind] });
    expect(result).toMatchObject({ state: "ok", reason: null });
    undo();
    const key = sql(kind === "notes" ? "note_id" : "task_id");
    const rows = await sql<{ id: string }[]>`SELECT ${key} AS id FROM ${sql(`attio.${kind}`)}`;
    const held = new Set(rows.map(({ id }) => id));
    expect(all().filter(({ id }) => !held.has(id))).toEqual([]);

    expect((await mirror.backfill({ streams: [kind] }))[0]).toMatchObject({ state: "ok", reason: null });
    expect(await differences("none", [kind])).toEqual([]);
  },
);

test.each([1, 2, 10, 11])(
  "a listing of %i tasks comes to its end",
  async (count) => {
    const { store } = mirror.sandbox;
    for (const task of store.tasks()) store.deleteTask(task.id);
    for (let index = 0; index < count; index++) store.createTask({ content: `${index}` });
    const [result] = await mirror.backfill({ streams: ["tasks"], allowDeletes: true });
    expect(result).toMatchObject({ state: "ok", rows: count });
  },
  20_000,
);

test("two backfills at once in one database end equal, and each row is written once", async () => {
  const things = addThings(mirror);
  createMany(things, 300);
  const { store } = mirror.sandbox;
  const list = store.createList({ slug: "at_once", name: "At once", parentObject: things.slug });
  for (const record of store.records(things.slug).slice(0, 50)) store.createEntry(list, record);
  const streams = [things.slug, "list:at_once"];
  const other = await mirror.another();
  const [ours, theirs] = await Promise.all([mirror.backfill({ streams }), other.backfill({ streams })]);
  for (const [index, rows] of [300, 50].entries()) {
    expect(ours[index]).toMatchObject({ state: "ok", rows });
    expect(theirs[index]).toMatchObject({ state: "ok", rows });
    expect((ours[index]?.written ?? 0) + (theirs[index]?.written ?? 0)).toBe(rows);
  }
  expect(await differences(things)).toEqual([]);
  expect(await differences("at_once")).toEqual([]);
});
