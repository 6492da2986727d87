import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import type { Sql } from "../../src/db/index.ts";
import { drawTicket } from "../../src/db/queries/tickets.ts";
import { applyRows } from "../../src/sync/apply/apply-rows.ts";
import { startMirror, type Mirror } from "../support/mirror.ts";
import { findDifferences } from "../support/oracle.ts";
import { addThings, mappedThing, plant, setAsideCodes } from "../support/things.ts";

let mirror: Mirror;
let sql: Sql;

beforeAll(async () => {
  mirror = await startMirror({ life: "file" });
  ({ sql } = mirror.db);
});

/** Does something once, just before the first page of records is answered. */
function beforeFirstPage(slug: string, work: () => Promise<void> | void): void {
  const object = mirror.sandbox.store.object(slug);
  const undo = mirror.sandbox.onRequest(async ({ path }) => {
    if (!path.endsWith(`/${object.id}/records/query`) && !path.endsWith(`/${slug}/records/query`)) return;
    undo();
    await work();
  });
}

test("missing key: an archived attribute keeps its column and data while others change", async () => {
  const things = addThings(mirror, [
    { slug: "extra", type: "text" },
    { slug: "tags", type: "select", isMultiselect: true, choices: ["a", "b"] },
  ]);
  const { store } = mirror.sandbox;
  const record = things.create({ name: "1", extra: "kept", tags: ["a", "b"] });
  await things.backfill();
  store.updateAttribute(things.slug, "extra", { isArchived: true });
  store.updateAttribute(things.slug, "tags", { isArchived: true });
  things.update(record.id, { name: "2" });
  expect(await things.backfill()).toMatchObject({ written: 1 });
  expect((await things.rows()).get(record.id)).toMatchObject({ name: "2", extra: "kept", tags: ["a", "b"] });

  things.update(record.id, { extra: "changed meanwhile" });
  store.updateAttribute(things.slug, "extra", { isArchived: false });
  await things.backfill();
  expect((await things.rows()).get(record.id)).toMatchObject({ extra: "changed meanwhile" });
});

test("missing key: a row without one attribute and a row with it come in one page", async () => {
  const things = addThings(mirror, [{ slug: "extra", type: "text" }]);
  await mirror.syncSchema();
  const [one, two] = [randomUUID(), randomUUID()];
  const begin = await drawTicket(sql);
  const full = [one, two].map((id) => mappedThing(id, { name: "1", extra: "e" }));
  await applyRows(sql, await things.target(), { rows: full, begin });
  const mixed = [mappedThing(one, { name: "2" }), mappedThing(two, { name: "2", extra: null })];
  await applyRows(sql, await things.target(), { rows: mixed, begin: await drawTicket(sql) });
  const rows = await things.rows();
  expect(rows.get(one)).toMatchObject({ name: "2", extra: "e" });
  expect(rows.get(two)).toMatchObject({ name: "2", extra: null });
});

test("only [] clears: of a single value, a list and their side columns NULL remains", async () => {
  const things = addThings(mirror, [
    { slug: "extra", type: "text" },
    { slug: "price", type: "currency" },
    { slug: "tags", type: "select", isMultiselect: true, choices: ["a", "b"] },
  ]);
  const record = things.create({ name: "1", extra: "e", price: 12, tags: ["b", "a"] });
  await things.backfill();
  things.update(record.id, { extra: [], price: [], tags: [] });
  await things.backfill();
  const cleared = { name: "1", extra: null, price: null, price_currency: null, tags: null };
  expect((await things.rows()).get(record.id)).toMatchObject(cleared);
});

test("a title is never taken from the page: it shows when the schema has it, and is right then", async () => {
  const things = addThings(mirror, [
    { slug: "stage", type: "status", choices: ["Before"] },
    { slug: "tags", type: "select", isMultiselect: true, choices: ["old"] },
  ]);
  const { store } = mirror.sandbox;
  const record = things.create({ name: "1", stage: "Before", tags: ["old"] });
  await things.backfill();
  things.update(record.id, { name: "2" });
  beforeFirstPage(things.slug, () => {
    store.updateStatus(things.slug, "stage", "Before", { title: "After" });
    store.updateOption(things.slug, "tags", "old", { title: "new" });
  });
  await things.backfill();
  expect((await things.rows()).get(record.id)).toMatchObject({ name: "2", stage: "Before", tags: ["old"] });
  await things.backfill();
  expect((await things.rows()).get(record.id)).toMatchObject({ name: "2", stage: "After", tags: ["new"] });
});

test("plan change between fetch and apply: the page is fetched again and mapped anew", async () => {
  const things = addThings(mirror);
  const record = things.create({ name: "1" });
  await things.backfill();
  things.update(record.id, { name: "2" });
  beforeFirstPage(things.slug, async () => {
    mirror.sandbox.store.updateAttribute(things.slug, "name", { slug: "label" });
    await mirror.syncSchema();
  });
  expect(await things.backfill()).toMatchObject({ state: "ok", written: 1, deleted: 0 });
  expect((await things.rows()).get(record.id)).toMatchObject({ label: "2" });
  expect(await findDifferences(mirror.sandbox, sql, { sources: [things.slug], resources: [] })).toEqual([]);
});

test("plan change between fetch and apply: a title renamed meanwhile is not written as it was", async () => {
  const things = addThings(mirror, [{ slug: "stage", type: "status", choices: ["Before"] }]);
  const record = things.create({ name: "1", stage: "Before" });
  await things.backfill();
  things.update(record.id, { name: "2" });
  beforeFirstPage(things.slug, async () => {
    mirror.sandbox.store.updateStatus(things.slug, "stage", "Before", { title: "After" });
    await mirror.syncSchema();
  });
  await things.backfill();
  expect((await things.rows()).get(record.id)).toMatchObject({ name: "2", stage: "After" });
});

test("a bad row: what Postgres refuses stands alone in set_aside, and the others are written", async () => {
  const things = addThings(mirror, [
    { slug: "day", type: "date" },
    { slug: "moment", type: "timestamp" },
    { slug: "stars", type: "rating" },
    { slug: "owner", type: "actor-reference" },
  ]);
  const good = Array.from({ length: 20 }, (_, index) => things.create({ name: `good ${index}` }));
  const bad = ["day", "moment", "stars", "owner"].map((name) => things.create({ name }));
  const more = things.create({ name: "behind them" });
  const [day, moment, stars, owner] = bad;
  if (!day || !moment || !stars || !owner) throw new Error("four were made");
  plant(mirror, day, "day", { value: "0000-99-99" });
  plant(mirror, moment, "moment", { value: "+999999-01-01T00:00:00.000000000Z" });
  plant(mirror, stars, "stars", { value: 70_000 });
  plant(mirror, owner, "owner", {
    referenced_actor_type: "workspace-member",
    referenced_actor_id: "no uuid",
  });

  const result = await things.backfill();
  expect(result).toMatchObject({ state: "ok", rows: 25, written: 21, deleted: 0 });
  expect(new Set((await things.rows()).keys())).toEqual(new Set([...good, more].map(({ id }) => id)));
  const codes = await setAsideCodes(sql, things.slug);
  expect(codes).toEqual(new Map(bad.map(({ id }) => [id, "row_refused"])));

  plant(mirror, day, "day", { value: "2026-02-28" });
  expect(await things.backfill()).toMatchObject({ written: 1 });
  expect((await things.rows()).has(day.id)).toBe(true);
  expect((await setAsideCodes(sql, things.slug)).has(day.id)).toBe(false);
});

test("a bad row: a row that turned bad keeps what it held and is not deleted", async () => {
  const things = addThings(mirror, [{ slug: "stars", type: "rating" }]);
  const record = things.create({ name: "1", stars: 3 });
  await things.backfill();
  plant(mirror, record, "stars", { value: -40_000 });
  expect(await things.backfill()).toMatchObject({ state: "ok", written: 0, deleted: 0 });
  expect((await things.rows()).get(record.id)).toMatchObject({ name: "1", stars: 3 });
  expect((await setAsideCodes(sql, things.slug)).get(record.id)).toBe("row_refused");
});

test("a bad row: a value that is not what its type promises is set aside as unreadable", async () => {
  const things = addThings(mirror, [{ slug: "effort", type: "number" }]);
  const bad = things.create({ name: "bad", effort: 1 });
  const good = things.create({ name: "good", effort: 2 });
  plant(mirror, bad, "effort", { value: "many" });
  expect(await things.backfill()).toMatchObject({ state: "ok", written: 1 });
  expect([...(await things.rows()).keys()]).toEqual([good.id]);
  expect(await setAsideCodes(sql, things.slug)).toEqual(new Map([[bad.id, "unreadable"]]));
  plant(mirror, bad, "effort", { value: 3 });
  expect(await things.backfill()).toMatchObject({ written: 1 });
  expect(await setAsideCodes(sql, things.slug)).toEqual(new Map());
});
