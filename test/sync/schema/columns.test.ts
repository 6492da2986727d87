import { beforeEach, expect, it } from "vitest";
import type { Sql } from "../../../src/db/client.ts";
import type { SandboxStore } from "../../../src/sandbox/index.ts";
import { columnsOf, quoted, tableOf } from "../../support/catalog.ts";
import { startMirror, type Mirror } from "../../support/mirror.ts";
import { findDifferences } from "../../support/oracle.ts";

let mirror: Mirror;
let store: SandboxStore;
let sql: Sql;

beforeEach(async () => {
  mirror = await startMirror();
  ({ store } = mirror.sandbox);
  ({ sql } = mirror.db);
  store.createObject({ slug: "things", singular: "Thing", plural: "Things" });
});

it("an archived attribute keeps its column and its data; restored, it is filled again", async () => {
  store.createAttribute("things", { slug: "note", type: "text" });
  const { id } = store.createRecord("things", { note: "before" });
  await backfill();
  store.updateAttribute("things", "note", { isArchived: true });
  store.updateRecord("things", id, { note: "meanwhile" });
  expect(await backfill()).toMatchObject({ state: "ok" });
  expect(await sql`SELECT note FROM attio.things`).toMatchObject([{ note: "before" }]);
  expect(await sql`SELECT is_archived FROM attio.attributes WHERE api_slug = 'note'`).toMatchObject([
    { is_archived: true },
  ]);

  store.updateAttribute("things", "note", { isArchived: false });
  await backfill();
  expect(await sql`SELECT note FROM attio.things`).toMatchObject([{ note: "meanwhile" }]);
  expect(await differences()).toEqual([]);
});

it("a new attribute adds a column, which the next backfill fills", async () => {
  store.createAttribute("things", { slug: "name", type: "text" });
  for (const name of ["one", "two", "three"]) store.createRecord("things", { name });
  await backfill();
  store.createAttribute("things", { slug: "size", type: "number" });
  const [first] = store.records("things");
  store.updateRecord("things", first?.id ?? "", { size: 1.5 });
  await mirror.syncSchema();
  expect(await columnsOf(sql, "things")).toEqual({ name: "text", size: "double precision" });
  await backfill();
  expect(await differences()).toEqual([]);
});

it("an attribute that comes while a page is read is filled all the same", async () => {
  store.createAttribute("things", { slug: "name", type: "text" });
  for (let index = 0; index < 5; index++) store.createRecord("things", { name: `thing ${index}` });
  await backfill();
  const stop = mirror.sandbox.onAnswer(async ({ path }) => {
    if (!path.endsWith("/query")) return;
    stop();
    store.createAttribute("things", { slug: "late", type: "text" });
    for (const record of store.records("things")) store.updateRecord("things", record.id, { late: "yes" });
    await mirror.syncSchema();
  });
  expect(await backfill()).toMatchObject({ rows: 5, written: 5, state: "ok" });
  expect(await differences()).toEqual([]);
});

it("slugs longer than 63 bytes are cut to names that differ", async () => {
  const long = "n".repeat(70);
  for (const slug of [`${long}_a`, `${long}_b`, "é".repeat(40), "n".repeat(63)]) {
    store.createAttribute("things", { slug, type: "text" });
  }
  store.createRecord("things", { [`${long}_a`]: "a", [`${long}_b`]: "b", ["é".repeat(40)]: "é" });
  await backfill();
  const columns = Object.keys(await columnsOf(sql, "things"));
  expect(new Set(columns).size).toBe(4);
  expect(columns.filter((name) => /_[0-9a-f]{8}$/.test(name))).toHaveLength(3);
  expect(columns.every((name) => Buffer.byteLength(name) <= 63)).toBe(true);
  expect(await differences()).toEqual([]);
});

it("a slug that is a column already gets the suffix _attr", async () => {
  for (const slug of [
    "xmin",
    "ctid",
    "tableoid",
    "record_id2",
    "_hash",
    "_fetch_seq",
    "_deleted_at",
    "web_url",
  ]) {
    store.createAttribute("things", { slug, type: "text" });
  }
  store.createAttribute("things", { slug: "price_currency", type: "text" });
  store.createAttribute("things", { slug: "price", type: "currency" });
  store.createAttribute("things", { slug: "_hash_attr", type: "text" });
  store.createRecord("things", {
    xmin: "x",
    _hash: "h",
    web_url: "w",
    price: 3,
    price_currency: "text",
    _hash_attr: "a",
  });
  await backfill();
  const columns = await columnsOf(sql, "things");
  expect(columns).toMatchObject({
    xmin_attr: "text",
    ctid_attr: "text",
    tableoid_attr: "text",
    record_id2: "text",
    _fetch_seq_attr: "text",
    _deleted_at_attr: "text",
    web_url_attr: "text",
    price: "numeric",
    price_currency: "text",
    price_currency_attr: "text",
  });
  expect(await differences()).toEqual([]);
});

it("names: an attribute yields to a side column that is there before it, and keeps its name afterwards", async () => {
  store.createAttribute("things", { slug: "price_currency", type: "text" });
  await backfill();
  store.createAttribute("things", { slug: "price", type: "currency" });
  store.createRecord("things", { price: 3, price_currency: "a text" });
  await backfill();
  expect(await columnsOf(sql, "things")).toEqual({
    price_currency: "text",
    price: "numeric",
    price_currency_attr: "text",
  });
  expect(await sql`SELECT price_currency, price_currency_attr FROM attio.things`).toMatchObject([
    { price_currency: "a text", price_currency_attr: "USD" },
  ]);
  expect(await differences()).toEqual([]);
});

const HOSTILE = [
  `"; DROP SCHEMA attio CASCADE; --`,
  `it's`,
  `back\\slash`,
  `\\'; SELECT 1; --`,
  `$tag$ $1 %s %I`,
  `two\nlines`,
  `👩‍👩‍👧‍👦🏷️`,
  ` leading blank`,
  `UPPER and lower`,
  `a.b`,
  `select`,
  `{a,b}`,
  `constructor`,
];

it("no slug or title harms: it is quoted wherever it stands", async () => {
  for (const [index, text] of HOSTILE.entries()) {
    store.createAttribute("things", { slug: text, title: text, description: text, type: "text" });
    store.createAttribute("things", {
      slug: `${text} choice`,
      title: text,
      type: "select",
      isMultiselect: true,
      choices: HOSTILE,
    });
    store.createObject({ slug: text, singular: text, plural: text });
    store.createAttribute(text, { slug: "name", type: "text", title: text });
    store.createRecord(text, { name: text });
    store.createList({ slug: text, name: text, parentObject: "things" });
    store.createRecord("things", { [text]: text, [`${text} choice`]: HOSTILE.slice(0, index) });
  }
  const results = await mirror.backfill();
  expect(results.filter(({ state }) => state !== "ok")).toEqual([]);
  expect(await findDifferences(mirror.sandbox, sql, { resources: [] })).toEqual([]);
  for (const text of HOSTILE) {
    const table = await tableOf(sql, text);
    expect(await sql.unsafe(`SELECT name FROM attio.${quoted(table)}`)).toMatchObject([{ name: text }]);
  }
  const seen = await sql`SELECT count(*) AS rows FROM attio.records WHERE object = ANY(${HOSTILE})`;
  expect(seen).toMatchObject([{ rows: HOSTILE.length }]);
  const choices = await sql`SELECT count(DISTINCT value) AS titles FROM attio.choices`;
  expect(choices).toMatchObject([{ titles: HOSTILE.length - 1 }]);
});

it("tables and columns carry Attio's titles and types as comments, which follow", async () => {
  store.createAttribute("things", { slug: "tags", title: `The "tags"`, type: "select", isMultiselect: true });
  await mirror.syncSchema();
  expect(await comments()).toEqual(["Attio object: Things", `The "tags" (select, several)`]);
  store.updateAttribute("things", "tags", { title: "Labels" });
  store.updateObject("things", { plural: "Artefacts" });
  await mirror.syncSchema();
  expect(await comments()).toEqual(["Attio object: Artefacts", "Labels (select, several)"]);
});

it("a reference that may point at one more object gets its object column, old rows included", async () => {
  store.createAttribute("things", { slug: "owner", type: "record-reference", allowedObjects: ["people"] });
  const person = store.createRecord("people", {});
  const company = store.createRecord("companies", {});
  store.createRecord("things", { owner: person });
  await backfill();
  expect(await columnsOf(sql, "things")).toEqual({ owner: "uuid" });
  store.updateAttribute("things", "owner", { allowedObjects: ["people", "companies"] });
  store.createRecord("things", { owner: company });
  await backfill();
  expect(await columnsOf(sql, "things")).toEqual({ owner: "uuid", owner_object: "text" });
  expect(await differences()).toEqual([]);
});

async function backfill() {
  const [result] = await mirror.backfill({ streams: ["things"] });
  return result;
}

function differences(): Promise<string[]> {
  return findDifferences(mirror.sandbox, sql, { sources: ["things"], resources: [] });
}

async function comments(): Promise<string[]> {
  const rows = await sql<{ comment: string }[]>`
    SELECT description AS comment FROM pg_description
    WHERE objoid = 'attio.things'::regclass AND (objsubid = 0 OR objsubid = (
      SELECT attnum FROM pg_attribute WHERE attrelid = 'attio.things'::regclass AND attname = 'tags'))
    ORDER BY objsubid`;
  return rows.map(({ comment }) => comment);
}
