import { expect, it } from "vitest";
import { columnsOf, quoted, tableOf } from "../../support/catalog.ts";
import { startMirror, type Mirror } from "../../support/mirror.ts";
import { findDifferences } from "../../support/oracle.ts";

it("a renamed object renames its table; data stay, views follow, nothing is refetched", async () => {
  const mirror = await startWithThings();
  mirror.sandbox.store.updateObject("things", { slug: "articles" });
  mirror.sandbox.log.clear();
  await mirror.syncSchema();
  expect(mirror.sandbox.log.count({ path: /query$/ })).toBe(0);
  const { sql } = mirror.db;
  expect(await tableOf(sql, "articles")).toBe("articles");
  expect(await names(sql, "articles")).toEqual(["one", "two"]);
  expect(await sql`SELECT to_regclass('attio.things') AS old`).toMatchObject([{ old: null }]);
  const seen = await sql<{ object: string }[]>`SELECT DISTINCT object FROM attio.records`;
  expect(seen.map((row) => row.object)).toEqual(["articles"]);

  const [result] = await mirror.backfill({ streams: ["articles"] });
  expect(result).toMatchObject({ stream: "articles", rows: 2, state: "ok" });
  expect(await findDifferences(mirror.sandbox, sql, { resources: [] })).toEqual([]);
});

it("a renamed attribute renames its columns, side columns too; rows count as unchanged", async () => {
  const mirror = await startWithThings();
  const { store } = mirror.sandbox;
  store.createAttribute("things", { slug: "price", type: "currency" });
  const [one] = store.records("things");
  store.updateRecord("things", one?.id ?? "", { price: 12.5 });
  await mirror.backfill({ streams: ["things"] });

  store.updateAttribute("things", "price", { slug: "cost" });
  store.updateAttribute("things", "name", { slug: "title" });
  await mirror.syncSchema();
  const { sql } = mirror.db;
  expect(await columnsOf(sql, "things")).toEqual({ title: "text", cost: "numeric", cost_currency: "text" });
  expect(await sql`SELECT cost::text, cost_currency FROM attio.things WHERE cost IS NOT NULL`).toMatchObject([
    { cost: "12.5", cost_currency: "USD" },
  ]);
  const [result] = await mirror.backfill({ streams: ["things"] });
  expect(result).toMatchObject({ written: 0, unchanged: 2, state: "ok" });
  expect(await differences(mirror)).toEqual([]);
});

it("a renamed list renames its table and its stream", async () => {
  const mirror = await startWithThings();
  const { store } = mirror.sandbox;
  store.createList({ slug: "shelf", name: "Shelf", parentObject: "things" });
  for (const record of store.records("things")) store.createEntry("shelf", record);
  await mirror.backfill({ streams: ["things"] });
  await mirror.backfill({ streams: ["list:shelf"] });

  store.updateList("shelf", { slug: "board", name: "The board" });
  const [result] = await mirror.backfill({ streams: ["list:board"] });
  expect(result).toMatchObject({ stream: "list:board", rows: 2, written: 0, unchanged: 2, state: "ok" });
  expect(await tableOf(mirror.db.sql, "list:board")).toBe("list_board");
  const lists = await mirror.db.sql<{ list: string }[]>`SELECT DISTINCT list FROM attio.entries`;
  expect(lists.map((row) => row.list)).toEqual(["board"]);
  expect(await mirror.db.sql`SELECT 1 FROM attio_sync.streams WHERE stream = 'list:shelf'`).toHaveLength(0);
});

it("two attributes that swap their slugs swap their columns", async () => {
  const mirror = await startWithThings();
  const { store } = mirror.sandbox;
  store.createAttribute("things", { slug: "code", type: "text" });
  for (const record of store.records("things"))
    store.updateRecord("things", record.id, { code: `c${record.id}` });
  await mirror.backfill({ streams: ["things"] });

  swap((from, to) => void store.updateAttribute("things", from, { slug: to }), "name", "code");
  await mirror.syncSchema();
  expect((await names(mirror.db.sql, "things", "code")).toSorted()).toEqual(["one", "two"]);
  const [result] = await mirror.backfill({ streams: ["things"] });
  expect(result).toMatchObject({ written: 0, unchanged: 2, state: "ok" });
  expect(await differences(mirror)).toEqual([]);
});

it("slugs that move on in a ring move their columns on", async () => {
  const mirror = await startWithThings();
  const { store } = mirror.sandbox;
  for (const slug of ["a", "b", "c"]) store.createAttribute("things", { slug, type: "text" });
  for (const record of store.records("things")) {
    store.updateRecord("things", record.id, { a: "was a", b: "was b", c: "was c" });
  }
  await mirror.backfill({ streams: ["things"] });
  for (const [from, to] of [
    ["c", "x"],
    ["b", "c"],
    ["a", "b"],
    ["x", "a"],
  ] as const) {
    store.updateAttribute("things", from, { slug: to });
  }
  store.createAttribute("things", { slug: "d", type: "number" });
  await mirror.syncSchema();
  const rows = await mirror.db.sql`SELECT DISTINCT a, b, c FROM attio.things`;
  expect(rows).toMatchObject([{ a: "was c", b: "was a", c: "was b" }]);
  expect((await mirror.backfill({ streams: ["things"] }))[0]).toMatchObject({ written: 2, state: "ok" });
  expect(await differences(mirror)).toEqual([]);
});

it("two objects that swap their slugs swap their tables and streams", async () => {
  const mirror = await startWithThings();
  const { store } = mirror.sandbox;
  store.createObject({ slug: "others", singular: "Other", plural: "Others" });
  store.createAttribute("others", { slug: "size", type: "number" });
  store.createRecord("others", { size: 5 });
  await mirror.backfill({ streams: ["things", "others"] });

  swap((from, to) => void store.updateObject(from, { slug: to }), "things", "others");
  const results = await mirror.backfill({ streams: ["things", "others"] });
  expect(results).toMatchObject([
    { stream: "others", rows: 2, deleted: 0, state: "ok" },
    { stream: "things", rows: 1, deleted: 0, state: "ok" },
  ]);
  expect(await tableOf(mirror.db.sql, "things")).toBe("things");
  expect(await tableOf(mirror.db.sql, "others")).toBe("others");
  expect(await names(mirror.db.sql, "others")).toEqual(["one", "two"]);
  expect(await findDifferences(mirror.sandbox, mirror.db.sql, { resources: [] })).toEqual([]);
});

it("an object takes the slug that another has just left", async () => {
  const mirror = await startWithThings();
  const { store } = mirror.sandbox;
  store.createObject({ slug: "others", singular: "Other", plural: "Others" });
  await mirror.backfill({ streams: ["things", "others"] });
  store.updateObject("others", { slug: "strangers" });
  store.updateObject("things", { slug: "others" });
  const results = await mirror.backfill({ streams: ["others", "strangers"] });
  expect(results).toMatchObject([
    { stream: "others", rows: 2, deleted: 0, state: "ok" },
    { stream: "strangers", rows: 0, deleted: 0, state: "ok" },
  ]);
  expect(await tableOf(mirror.db.sql, "others")).toBe("others");
  expect(await tableOf(mirror.db.sql, "strangers")).toBe("strangers");
});

it("a new object with the slug of a deleted one gets a table of its own; the old data stay", async () => {
  const mirror = await startWithThings();
  const { store } = mirror.sandbox;
  store.deleteObject("things");
  await mirror.syncSchema();
  store.createObject({ slug: "things", singular: "Thing", plural: "Things" });
  store.createAttribute("things", { slug: "weight", type: "number" });
  store.createRecord("things", { weight: 3 });
  for (const round of [1, 2]) {
    const [result] = await mirror.backfill({ streams: ["things"] });
    expect(result).toMatchObject({ stream: "things", rows: 1, written: round === 1 ? 1 : 0, state: "ok" });
  }
  const { sql } = mirror.db;
  const tables = await sql<
    { name: string }[]
  >`SELECT table_name AS name FROM attio.objects WHERE api_slug = 'things'`;
  expect(tables).toHaveLength(2);
  const counts = await Promise.all(
    tables.map(async ({ name }) => (await sql`SELECT 1 FROM ${sql(`attio.${name}`)}`).length),
  );
  expect(counts.toSorted()).toEqual([1, 2]);
  const differing = await findDifferences(mirror.sandbox, sql, { resources: [] });
  expect(differing.filter((line) => !line.endsWith("is only in the mirror"))).toEqual([]);
});

it("an object whose attributes Attio refused at first gets one table once it gives them", async () => {
  const mirror = await startMirror();
  const { store, faults } = mirror.sandbox;
  const { id } = store.createObject({ slug: "things", singular: "Thing", plural: "Things" });
  store.createRecord("things", {});
  faults.add({ kind: "status", status: 403, path: `/v2/objects/${id}/attributes` });
  expect(await mirror.backfill({ streams: ["things"] })).toMatchObject([{ state: "forbidden", rows: 0 }]);
  faults.clear();
  for (const written of [1, 0]) {
    expect(await mirror.backfill({ streams: ["things"] })).toMatchObject([{ state: "ok", rows: 1, written }]);
  }
  expect(await tableOf(mirror.db.sql, "things")).toBe("things");
});

async function startWithThings(): Promise<Mirror> {
  const mirror = await startMirror();
  const { store } = mirror.sandbox;
  store.createObject({ slug: "things", singular: "Thing", plural: "Things" });
  store.createAttribute("things", { slug: "name", type: "text" });
  store.createRecord("things", { name: "one" });
  store.createRecord("things", { name: "two" });
  await mirror.backfill({ streams: ["things"] });
  return mirror;
}

function swap(rename: (from: string, to: string) => void, one: string, other: string): void {
  rename(one, "in_between");
  rename(other, one);
  rename("in_between", other);
}

async function names(sql: Mirror["db"]["sql"], table: string, column?: string): Promise<string[]> {
  const name = quoted(column ?? "name");
  const rows = await sql.unsafe<{ name: string }[]>(
    `SELECT ${name} AS name FROM attio.${quoted(table)} ORDER BY created_at, name`,
  );
  return rows.map((row) => row.name);
}

function differences({ sandbox, db }: Mirror): Promise<string[]> {
  return findDifferences(sandbox, db.sql, { sources: ["things"], resources: [] });
}
