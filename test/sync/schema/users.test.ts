import postgres from "postgres";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Sql } from "../../../src/db/client.ts";
import type { SandboxStore } from "../../../src/sandbox/index.ts";
import { columnsOf } from "../../support/catalog.ts";
import { startMirror, type Mirror } from "../../support/mirror.ts";
import { findDifferences } from "../../support/oracle.ts";

let mirror: Mirror;
let store: SandboxStore;
let sql: Sql;
/** A user's own connection. */
let user: postgres.Sql;

beforeEach(async () => {
  mirror = await startMirror();
  ({ store } = mirror.sandbox);
  ({ sql } = mirror.db);
  store.createObject({ slug: "things", singular: "Thing", plural: "Things" });
  store.createAttribute("things", { slug: "name", type: "text" });
  store.createRecord("things", { name: "one" });
  await mirror.backfill({ streams: ["things"] });
  user = postgres(mirror.db.url, { max: 1, onnotice: () => undefined });
});

afterEach(() => user.end({ timeout: 1 }));

it("a user's own columns, indexes, constraints and views survive", async () => {
  await user`ALTER TABLE attio.things ADD COLUMN score integer DEFAULT 7, ADD COLUMN size text`;
  await user`CREATE INDEX my_index ON attio.things (name)`;
  await user`CREATE TABLE public.orders (thing uuid REFERENCES attio.things (record_id))`;
  await user`INSERT INTO public.orders SELECT record_id FROM attio.things`;
  await user`CREATE VIEW public.my_view AS SELECT record_id, name, score FROM attio.things`;
  await user`UPDATE attio.things SET score = 9`;

  store.updateAttribute("things", "name", { slug: "title" });
  store.createAttribute("things", { slug: "size", type: "number" });
  store.createAttribute("things", { slug: "my_index", type: "number" });
  const [one] = store.records("things");
  store.updateRecord("things", one?.id ?? "", { title: "uno", size: 3 });
  store.updateObject("things", { slug: "articles" });
  await mirror.backfill({ streams: ["articles"] });
  expect(await columnsOf(sql, "articles")).toEqual({
    title: "text",
    score: "integer",
    size: "text",
    size_attr: "double precision",
    my_index: "double precision",
  });
  expect(await user`SELECT name, score FROM public.my_view`).toMatchObject([{ name: "uno", score: 9 }]);
  expect(
    await user`SELECT 1 FROM public.orders o JOIN attio.articles a ON a.record_id = o.thing`,
  ).toHaveLength(1);
  expect(await user`SELECT tablename FROM pg_indexes WHERE indexname = 'my_index'`).toMatchObject([
    { tablename: "articles" },
  ]);
  expect(await findDifferences(mirror.sandbox, sql, { sources: ["articles"], resources: [] })).toEqual([]);
});

it("a table of the user's in schema attio keeps its name; a new object yields", async () => {
  await user`CREATE TABLE attio.gadgets (id int)`;
  store.createObject({ slug: "gadgets", singular: "Gadget", plural: "Gadgets" });
  store.createRecord("gadgets", {});
  await mirror.backfill({ streams: ["gadgets"] });
  const [row] = await sql<
    { name: string }[]
  >`SELECT table_name AS name FROM attio.objects WHERE api_slug = 'gadgets'`;
  expect(row?.name).toMatch(/^gadgets_[0-9a-f]{8}$/);
  expect(await findDifferences(mirror.sandbox, sql, { sources: ["gadgets"], resources: [] })).toEqual([]);
});

it("the reader may read old and new tables and views, and write none", async () => {
  store.createObject({ slug: "gadgets", singular: "Gadget", plural: "Gadgets" });
  await mirror.syncSchema();
  for (const name of ["things", "gadgets", "records", "links", "notes", "objects"]) {
    const may = await sql<{ select: boolean; insert: boolean; update: boolean; delete: boolean }[]>`
      SELECT has_table_privilege('attio_reader', ${`attio.${name}`}, 'SELECT') AS select,
        has_table_privilege('attio_reader', ${`attio.${name}`}, 'INSERT') AS insert,
        has_table_privilege('attio_reader', ${`attio.${name}`}, 'UPDATE') AS update,
        has_table_privilege('attio_reader', ${`attio.${name}`}, 'DELETE') AS delete`;
    expect([name, may[0]]).toEqual([name, { select: true, insert: false, update: false, delete: false }]);
  }
  await user.begin(async (tx) => {
    await tx`SET LOCAL ROLE attio_reader`;
    expect(await tx`SELECT name FROM attio.things`).toHaveLength(1);
    await expect(tx.savepoint((inner) => inner`DELETE FROM attio.things`)).rejects.toMatchObject({
      code: "42501",
    });
    await expect(tx.savepoint((inner) => inner`SELECT * FROM attio_sync.streams`)).rejects.toMatchObject({
      code: "42501",
    });
  });
});

it("a user who holds a table's lock delays that table's change only; the next sync makes it", async () => {
  store.createAttribute("things", { slug: "size", type: "number" });
  store.createAttribute("people", { slug: "shoe_size", type: "number" });
  const release = await holdOpen(`SELECT * FROM attio.things`);
  expect(await mirror.backfill({ streams: ["people", "things"] })).toMatchObject([
    { stream: "people", state: "ok" },
    { stream: "things", rows: 1, unchanged: 1, state: "ok" },
  ]);
  expect(Object.keys(await columnsOf(sql, "people"))).toContain("shoe_size");
  expect(await columnsOf(sql, "things")).toEqual({ name: "text" });
  await release();
  expect(await mirror.syncSchema()).toEqual({ changed: ["things"], postponed: [] });
  expect(await columnsOf(sql, "things")).toEqual({ name: "text", size: "double precision" });
});

it("a user who reads a view for long does not stall the sync; the view follows with the next one", async () => {
  const release = await holdOpen(`SELECT * FROM attio.records`);
  store.createObject({ slug: "gadgets", singular: "Gadget", plural: "Gadgets" });
  store.createRecord("gadgets", {});
  expect(await mirror.backfill({ streams: ["gadgets"] })).toMatchObject([
    { rows: 1, written: 1, state: "ok" },
  ]);
  await release();
  await mirror.syncSchema();
  expect(await sql`SELECT 1 FROM attio.records WHERE object = 'gadgets'`).toHaveLength(1);
});

/** Runs a statement in a transaction of the user's that stays open until it is released. */
async function holdOpen(statement: string): Promise<() => Promise<void>> {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  let transaction: Promise<unknown> = Promise.resolve();
  await new Promise<void>((resolve, reject) => {
    transaction = user.begin(async (tx) => {
      await tx.unsafe(statement);
      resolve();
      await ended;
    });
    transaction.catch(reject);
  });
  return async () => {
    end();
    await transaction;
  };
}
