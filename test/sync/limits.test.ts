import { beforeAll, expect, test } from "vitest";
import type { Sql } from "../../src/db/index.ts";
import type { Item } from "../../src/sandbox/index.ts";
import { readStatus } from "../../src/sync/status.ts";
import { deliverEvents, drain } from "../support/live.ts";
import { startMirror, type Mirror } from "../support/mirror.ts";
import { findDifferences } from "../support/oracle.ts";
import { addThings, plant, setAsideCodes, type Things } from "../support/things.ts";

let mirror: Mirror;
let sql: Sql;
let settled: () => Promise<void>;

beforeAll(async () => {
  mirror = await startMirror({ life: "file" });
  ({ sql } = mirror.db);
  ({ settled } = deliverEvents(mirror));
});

function numbered(count: number, type: string) {
  return Array.from({ length: count }, (_, number) => ({ slug: `a_${number}`, type }));
}

async function rowOf(things: Things, { id }: Item): Promise<Record<string, unknown> | undefined> {
  return (await things.rows()).get(id);
}

function differences(things: Things): Promise<string[]> {
  return findDifferences(mirror.sandbox, sql, { sources: [things.slug], resources: [] });
}

test("10 MB text: it is mirrored whole, beside others", async () => {
  const things = addThings(mirror);
  const text = "0123456789abcdé\n".repeat(616_000);
  // Where an item ends is found in another way once a page has shown how its items begin.
  const [first, , , later] = [text, "short", "short", text, "short"].map((name) => things.create({ name }));
  if (!first || !later) throw new Error("five were made");
  expect(await things.backfill()).toMatchObject({ state: "ok", written: 5 });
  for (const long of [first, later]) expect((await rowOf(things, long))?.["name"] === text).toBe(true);
  expect(await things.backfill()).toMatchObject({ unchanged: 5 });
});

test("U+0000 in text: the others of its page are written, and it without the character", async () => {
  const things = addThings(mirror, [{ slug: "tags", type: "text" }]);
  const [zero, plain] = [
    things.create({ name: "a\u0000b", tags: "\u0000" }),
    things.create({ name: "plain" }),
  ];
  expect(await things.backfill()).toMatchObject({ state: "ok", written: 2 });
  expect(await rowOf(things, zero)).toMatchObject({ name: "ab", tags: "" });
  expect(await rowOf(things, plain)).toMatchObject({ name: "plain", tags: null });
});

test("number beyond float range: its row is set aside with the reason, the others go on", async () => {
  const things = addThings(mirror, [{ slug: "size", type: "number" }]);
  const [huge, tiny, largest] = [12_345, 5e-324, 1.7976931348623157e308].map((size) =>
    things.create({ name: "x", size }),
  );
  if (!huge || !tiny || !largest) throw new Error("three were made");
  await things.backfill();
  // No client could write it; what the sandbox answers is kept with the record.
  huge.json = Buffer.from(String(huge.json).replaceAll("12345", "1e400"));
  things.update(tiny.id, { name: "goes on" });
  expect(await things.backfill()).toMatchObject({ state: "ok", written: 1 });
  expect(await setAsideCodes(sql, things.slug)).toEqual(new Map([[huge.id, "unreadable"]]));
  expect(await rowOf(things, huge)).toMatchObject({ size: 12_345 });
  expect(await rowOf(things, tiny)).toMatchObject({ name: "goes on", size: 5e-324 });
  expect(await rowOf(things, largest)).toMatchObject({ size: 1.7976931348623157e308 });
});

test("date year 9999: date and time are mirrored as they are, and read as unchanged", async () => {
  const things = addThings(mirror, [
    { slug: "day", type: "date" },
    { slug: "moment", type: "timestamp" },
  ]);
  const last = things.create({ name: "last" });
  plant(mirror, last, "day", { value: "9999-12-31" });
  plant(mirror, last, "moment", { value: "9999-12-31T23:59:59.999999999Z" });
  expect(await things.backfill()).toMatchObject({ state: "ok", written: 1 });
  const [row] = await sql`
    SELECT day::text, (moment AT TIME ZONE 'UTC')::text AS moment FROM attio.${sql(things.slug)}`;
  expect(row).toEqual({ day: "9999-12-31", moment: "9999-12-31 23:59:59.999999" });
  expect(await things.backfill()).toMatchObject({ unchanged: 1 });
});

test("300 attributes: each has its column, in the views too", async () => {
  const attributes = numbered(300, "text");
  const things = addThings(mirror, attributes);
  const values = Object.fromEntries(attributes.map(({ slug }) => [slug, `value of ${slug}`]));
  const [full, empty] = [things.create(values), things.create({})];
  expect(await things.backfill()).toMatchObject({ state: "ok", written: 2 });
  expect(await differences(things)).toEqual([]);
  const [view] = await sql<{ columns: object }[]>`
    SELECT columns FROM attio.records WHERE record_id = ${full.id}`;
  expect(view?.columns).toMatchObject(values);
  things.update(empty.id, { a_299: "late" });
  await settled();
  await drain(mirror);
  expect(await rowOf(things, empty)).toMatchObject({ a_299: "late", a_298: null });
});

test("1,600 columns: a stream that needs more says why and keeps its rows, the others go on", async () => {
  // Each location has eleven columns.
  const things = addThings(mirror, numbered(144, "location"));
  const wider = addThings(mirror, numbered(146, "location"));
  const other = addThings(mirror);
  const [kept, late] = [things.create({ name: "kept" }), other.create({ name: "before" })];
  wider.create({ name: "nowhere" });
  const unfit = {
    state: "unfit",
    reason: "PostgreSQL can't hold its table: tables can have at most 1600 columns",
  };
  const streams = [things, wider, other].map(({ slug }) => slug);
  expect(await mirror.backfill({ streams })).toMatchObject([
    { stream: things.slug, state: "ok", written: 1 },
    { stream: wider.slug, ...unfit, rows: 0 },
    { stream: other.slug, state: "ok", written: 1 },
  ]);

  mirror.sandbox.store.createAttribute(things.slug, { slug: "one_more", type: "location" });
  other.update(late.id, { name: "after" });
  expect(await mirror.backfill({ streams })).toMatchObject([
    { stream: things.slug, ...unfit, deleted: 0 },
    { stream: wider.slug, ...unfit },
    { stream: other.slug, state: "ok", written: 1 },
  ]);
  expect(await rowOf(other, late)).toMatchObject({ name: "after" });
  expect(await rowOf(things, kept)).toMatchObject({ name: "kept" });
  const shown = (await readStatus(mirror.db)).filter(({ state }) => state === "unfit");
  expect(shown).toMatchObject([things.slug, wider.slug].map((stream) => ({ stream, ...unfit })));

  things.update(kept.id, { name: "by its event" });
  await settled();
  await drain(mirror);
  expect(await rowOf(things, kept)).toMatchObject({ name: "by its event" });
});

test("5,000 options: each has its title, and a renamed one changes its rows alone", async () => {
  const choices = Array.from({ length: 5_000 }, (_, number) => `Option ${number}`);
  const things = addThings(mirror, [{ slug: "tags", type: "select", isMultiselect: true, choices }]);
  const [all, one] = [things.create({ tags: choices }), things.create({ tags: ["Option 4999"] })];
  await things.backfill();
  expect((await rowOf(things, all))?.["tags"]).toEqual(choices);
  mirror.sandbox.store.updateOption(things.slug, "tags", "Option 4999", { title: "the last" });
  await things.backfill();
  expect(await rowOf(things, one)).toMatchObject({ tags: ["the last"] });
  expect((await rowOf(things, all))?.["tags"]).toEqual([...choices.slice(0, -1), "the last"]);
});
