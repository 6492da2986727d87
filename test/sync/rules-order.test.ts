import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { markSync } from "../../src/db/locks.ts";
import type { Sql } from "../../src/db/index.ts";
import { holdStreamAlone } from "../../src/db/locks.ts";
import { bumpPlanVersion } from "../../src/db/queries/streams.ts";
import { drawTicket } from "../../src/db/queries/tickets.ts";
import { applyRows, type ApplyCounts } from "../../src/sync/apply/apply-rows.ts";
import { deleteRows } from "../../src/sync/apply/delete-rows.ts";
import { PlanChangedError } from "../../src/sync/apply/target.ts";
import { startMirror } from "../support/mirror.ts";
import { addThings, dirtyIds, mappedThing, someoneWaits, type Things } from "../support/things.ts";
import { past } from "../support/as-daemon.ts";

let sql: Sql;
let things: Things;

beforeAll(async () => {
  const mirror = await startMirror({ life: "file" });
  ({ sql } = mirror.db);
  things = addThings(mirror);
  await mirror.syncSchema();
});

/** The table's name as part of a statement. */
function table() {
  return sql(`attio.${things.slug}`);
}

type Names = Record<string, string>;

/** A backfill's page that was asked for at `begin`. */
async function page(begin: number, names: Names): Promise<ApplyCounts> {
  const rows = Object.entries(names).map(([id, name]) => mappedThing(id, { name }));
  return applyRows(sql, await things.target(), { rows, begin });
}

/** A look at single rows, as hydrating and confirming take it. */
async function look(begin: number, names: Names): Promise<ApplyCounts> {
  const rows = Object.entries(names).map(([id, name]) => mappedThing(id, { name }));
  return applyRows(sql, await things.target(), { rows, begin, mode: "look" });
}

async function remove(begin: number, ids: readonly string[]): Promise<number> {
  return deleteRows(sql, await things.target(), { ids, begin, mode: "hard", announced: false });
}

async function nameOf(id: string): Promise<string | undefined> {
  const [row] = await sql<{ name: string }[]>`SELECT name FROM ${table()} WHERE record_id = ${id}`;
  return row?.name;
}

test("stale page: an older page never overwrites a newer row; the row is marked dirty", async () => {
  const id = randomUUID();
  const [older, newer] = [await drawTicket(sql), await drawTicket(sql)];
  expect(await page(newer, { [id]: "new" })).toMatchObject({ written: 1 });
  expect(await page(older, { [id]: "old" })).toMatchObject({ written: 0, deferred: 1 });
  expect(await nameOf(id)).toBe("new");
  expect(await dirtyIds(sql, things.slug)).toContain(id);
});

test("stale page: a page asked for before the row was applied is not certainly newer", async () => {
  const id = randomUUID();
  const [first, second] = [await drawTicket(sql), await drawTicket(sql)];
  await page(first, { [id]: "first" });
  expect(await page(second, { [id]: "second" })).toMatchObject({ written: 0, deferred: 1 });
  expect(await nameOf(id)).toBe("first");
  await page(await drawTicket(sql), { [id]: "second" });
  expect(await nameOf(id)).toBe("second");
});

test("stale page: an older page that says the same leaves the row and marks nothing", async () => {
  const id = randomUUID();
  const [older, newer] = [await drawTicket(sql), await drawTicket(sql)];
  await page(newer, { [id]: "same" });
  expect(await page(older, { [id]: "same" })).toMatchObject({ unchanged: 1, deferred: 0 });
  expect(await dirtyIds(sql, things.slug)).not.toContain(id);
});

test("A, B, A: a look that finds the row equal still outdates the page that was under way", async () => {
  const id = randomUUID();
  await page(await drawTicket(sql), { [id]: "A" });
  const whileB = await drawTicket(sql);
  expect(await look(await drawTicket(sql), { [id]: "A" })).toMatchObject({ unchanged: 1 });
  expect(await page(whileB, { [id]: "B" })).toMatchObject({ written: 0, deferred: 1 });
  expect(await nameOf(id)).toBe("A");
});

test("A, B, A: an equal row that a user holds cannot be raised, so it is looked at again", async () => {
  const id = randomUUID();
  await page(await drawTicket(sql), { [id]: "A" });
  await sql.begin(async (user) => {
    await user`SELECT 1 FROM ${table()} WHERE record_id = ${id} FOR UPDATE`;
    await look(await drawTicket(sql), { [id]: "A" });
  });
  expect(await dirtyIds(sql, things.slug)).toContain(id);
});

test("hash of what: a row without a hash is written even if nothing else differs", async () => {
  const id = randomUUID();
  await page(await drawTicket(sql), { [id]: "same" });
  await past(sql)`UPDATE ${table()} SET _hash = NULL, name = 'edited here' WHERE record_id = ${id}`;
  expect(await page(await drawTicket(sql), { [id]: "same" })).toMatchObject({ written: 1 });
  expect(await nameOf(id)).toBe("same");
});

test("deleted row resurrected: an older page never brings it back", async () => {
  const id = randomUUID();
  await page(await drawTicket(sql), { [id]: "alive" });
  const older = await drawTicket(sql);
  expect(await remove(await drawTicket(sql), [id])).toBe(1);
  expect(await page(older, { [id]: "changed" })).toMatchObject({ written: 0, deferred: 1 });
  expect(await nameOf(id)).toBeUndefined();
  expect(await dirtyIds(sql, things.slug)).not.toContain(id);
});

test("tombstone: a record that was never here is not made by a page older than its deletion", async () => {
  const id = randomUUID();
  const older = await drawTicket(sql);
  expect(await remove(await drawTicket(sql), [id])).toBe(0);
  await page(older, { [id]: "ghost" });
  expect(await nameOf(id)).toBeUndefined();
});

test("tombstone: a newer page does bring the record back", async () => {
  const id = randomUUID();
  await page(await drawTicket(sql), { [id]: "alive" });
  await remove(await drawTicket(sql), [id]);
  expect(await page(await drawTicket(sql), { [id]: "again" })).toMatchObject({ written: 1 });
  expect(await nameOf(id)).toBe("again");
  expect(await sql`SELECT 1 FROM attio_sync.tombstones WHERE id = ${id}`).toHaveLength(0);
});

test("a row that was fetched after it was missed is not deleted and gets no tombstone", async () => {
  const id = randomUUID();
  const missed = await drawTicket(sql);
  await page(await drawTicket(sql), { [id]: "alive" });
  expect(await remove(missed, [id])).toBe(0);
  expect(await nameOf(id)).toBe("alive");
  expect(await sql`SELECT 1 FROM attio_sync.tombstones WHERE id = ${id}`).toHaveLength(0);
});

test("a user's lock: a page does not wait for it; the others are written, the row is marked dirty", async () => {
  const [held, free] = [randomUUID(), randomUUID()];
  await page(await drawTicket(sql), { [held]: "1", [free]: "1" });
  await sql.begin(async (user) => {
    await user`SELECT 1 FROM ${table()} WHERE record_id = ${held} FOR UPDATE`;
    expect(await page(await drawTicket(sql), { [held]: "2", [free]: "2" })).toMatchObject({
      written: 1,
      deferred: 1,
    });
  });
  expect([await nameOf(held), await nameOf(free)]).toEqual(["1", "2"]);
  expect(await dirtyIds(sql, things.slug)).toContain(held);
  expect(await dirtyIds(sql, things.slug)).not.toContain(free);
}, 15_000);

test("a user's lock: an unchanged row is neither waited for nor locked", async () => {
  const id = randomUUID();
  await page(await drawTicket(sql), { [id]: "same" });
  await sql.begin(async (user) => {
    await user`SELECT 1 FROM ${table()} WHERE record_id = ${id} FOR UPDATE`;
    expect(await page(await drawTicket(sql), { [id]: "same" })).toMatchObject({ unchanged: 1 });
  });
  expect(await dirtyIds(sql, things.slug)).not.toContain(id);
}, 15_000);

test("a user's lock: a deletion does not wait for it, nor hold up the pages behind it", async () => {
  const [held, free, other] = [randomUUID(), randomUUID(), randomUUID()];
  await page(await drawTicket(sql), { [held]: "1", [free]: "1", [other]: "1" });
  await sql.begin(async (user) => {
    await user`SELECT 1 FROM ${table()} WHERE record_id = ${held} FOR UPDATE`;
    expect(await remove(await drawTicket(sql), [held, free])).toBe(1);
    expect(await page(await drawTicket(sql), { [other]: "2" })).toMatchObject({ written: 1 });
  });
  expect([await nameOf(held), await nameOf(free)]).toEqual(["1", undefined]);
  expect(await dirtyIds(sql, things.slug)).toContain(held);
  expect(await sql`SELECT 1 FROM attio_sync.tombstones WHERE id = ${held}`).toHaveLength(0);
}, 15_000);

test("mask read too early: what was committed while the page waited for its locks is seen", async () => {
  const [differs, equals] = [randomUUID(), randomUUID()];
  await page(await drawTicket(sql), { [differs]: "1", [equals]: "1" });
  const older = await drawTicket(sql);
  const { hash } = mappedThing(equals, { name: "2" });
  let waiting: Promise<ApplyCounts> | undefined;
  await sql.begin(async (tx) => {
    // Readers pass this lock, those who lock rows do not: the page has read its hashes and now waits.
    await tx`LOCK TABLE ${table()} IN EXCLUSIVE MODE`;
    const newer = await drawTicket(sql);
    await markSync(tx);
    await tx`UPDATE ${table()} SET name = '3', _hash = NULL, _fetch_seq = ${newer} WHERE record_id = ${differs}`;
    await tx`UPDATE ${table()} SET name = '2', _hash = ${hash}, _fetch_seq = ${newer} WHERE record_id = ${equals}`;
    waiting = page(older, { [differs]: "2", [equals]: "2" });
    await someoneWaits(sql);
  });
  expect(await waiting).toMatchObject({ written: 0, deferred: 1, unchanged: 1 });
  expect([await nameOf(differs), await nameOf(equals)]).toEqual(["3", "2"]);
  const dirty = await dirtyIds(sql, things.slug);
  expect([dirty.includes(differs), dirty.includes(equals)]).toEqual([true, false]);
});

test("two pages that insert one record: the older one gives way", async () => {
  const id = randomUUID();
  const older = await drawTicket(sql);
  let waiting: Promise<ApplyCounts> | undefined;
  await sql.begin(async (tx) => {
    const newer = await drawTicket(sql);
    await markSync(tx);
    await tx`INSERT INTO ${table()} (record_id, name, _fetch_seq) VALUES (${id}, 'new', ${newer})`;
    waiting = page(older, { [id]: "old" });
    await someoneWaits(sql);
  });
  expect(await waiting).toMatchObject({ written: 0, deferred: 1 });
  expect(await nameOf(id)).toBe("new");
  expect(await dirtyIds(sql, things.slug)).toContain(id);
});

test("deadlock between two batches: pages that overlap in opposite order end, each row once", async () => {
  const ids = Array.from({ length: 40 }, () => randomUUID());
  const named = (order: readonly string[], name: string) => Object.fromEntries(order.map((id) => [id, name]));
  for (const round of ["1", "2", "3"]) {
    const begin = await drawTicket(sql);
    await Promise.all([page(begin, named(ids, round)), page(begin, named(ids.toReversed(), round))]);
  }
  const rows = await sql<{ name: string }[]>`SELECT name FROM ${table()} WHERE record_id = ANY(${ids})`;
  expect(rows.map((row) => row.name)).toEqual(ids.map(() => "3"));
});

test("duplicate keys in one bulk upsert: a page that shows one record twice keeps the later showing", async () => {
  const id = randomUUID();
  const rows = ["first", "second"].map((name) => mappedThing(id, { name }));
  await applyRows(sql, await things.target(), { rows, begin: await drawTicket(sql) });
  expect(await nameOf(id)).toBe("second");
});

test("a page mapped by an older plan is not written", async () => {
  const id = randomUUID();
  const target = await things.target();
  await sql.begin((tx) => bumpPlanVersion(tx, things.slug));
  const fetched = { rows: [mappedThing(id, { name: "x" })], begin: await drawTicket(sql) };
  await expect(applyRows(sql, target, fetched)).rejects.toThrow(PlanChangedError);
  expect(await nameOf(id)).toBeUndefined();
});

test("a page that waits for a schema change under way sees that change", async () => {
  const target = await things.target();
  const fetched = { rows: [mappedThing(randomUUID(), { name: "x" })], begin: await drawTicket(sql) };
  let waiting: Promise<unknown> | undefined;
  await sql.begin(async (tx) => {
    await holdStreamAlone(tx, things.slug);
    await bumpPlanVersion(tx, things.slug);
    waiting = applyRows(sql, target, fetched).catch((error: unknown) => error);
    await someoneWaits(sql);
  });
  expect(await waiting).toBeInstanceOf(PlanChangedError);
});
