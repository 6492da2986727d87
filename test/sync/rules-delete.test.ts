import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import type { Sql } from "../../src/db/index.ts";
import { drawTicket } from "../../src/db/queries/tickets.ts";
import { applyRows } from "../../src/sync/apply/apply-rows.ts";
import { deleteRows } from "../../src/sync/apply/delete-rows.ts";
import { startMirror, type Mirror } from "../support/mirror.ts";
import { addThings, dirtyIds, mappedThing, setAsideCodes } from "../support/things.ts";

let mirror: Mirror;
let sql: Sql;

beforeAll(async () => {
  mirror = await startMirror({ life: "file", raw: true });
  ({ sql } = mirror.db);
});

/** A table of the user's own that refers to a mirrored one. */
async function ownTable(name: string, slug: string, onDelete = ""): Promise<void> {
  await sql.unsafe(`CREATE TABLE ${name} (thing uuid REFERENCES attio.${slug} (record_id) ${onDelete})`);
}

async function isInViews(id: string): Promise<boolean> {
  return (await sql`SELECT 1 FROM attio.records WHERE record_id = ${id}`).length > 0;
}

test("a deleted record leaves table, raw JSON and views, and a tombstone remains", async () => {
  const things = addThings(mirror);
  const kept = things.create({ name: "kept" });
  const gone = things.create({ name: "gone" });
  await things.backfill();
  expect(await isInViews(gone.id)).toBe(true);
  things.remove(gone.id);
  expect(await things.backfill()).toMatchObject({
    state: "ok",
    rows: 1,
    deleted: 1,
    written: 0,
    unchanged: 1,
  });
  expect([...(await things.rows()).keys()]).toEqual([kept.id]);
  expect(await isInViews(gone.id)).toBe(false);
  const raw = await sql<{ id: string }[]>`SELECT id FROM attio.raw WHERE stream = ${things.slug}`;
  expect(raw.map((row) => row.id)).toEqual([kept.id]);
  const [tombstone] = await sql`SELECT announced FROM attio_sync.tombstones WHERE id = ${gone.id}`;
  expect(tombstone).toEqual({ announced: false });
});

test("a user's foreign key refuses a deletion: the row stays with _deleted_at and a reason", async () => {
  const things = addThings(mirror);
  const held = things.create({ name: "held" });
  const free = things.create({ name: "free" });
  await things.backfill();
  await ownTable("invoices", things.slug);
  await sql`INSERT INTO invoices VALUES (${held.id})`;
  things.remove(held.id);
  things.remove(free.id);
  expect(await things.backfill()).toMatchObject({ state: "ok", deleted: 1 });
  const rows = await things.rows();
  expect([...rows.keys()]).toEqual([held.id]);
  expect(rows.get(held.id)).toMatchObject({ name: "held" });
  expect(rows.get(held.id)?._deleted_at).not.toBeNull();
  const [aside] = await sql<{ code: string; reason: string }[]>`
    SELECT code, reason FROM attio_sync.set_aside WHERE id = ${held.id}`;
  expect(aside?.code).toBe("delete_refused");
  expect(aside?.reason).toContain("invoices");
  expect(await isInViews(held.id)).toBe(false);
  expect(await things.backfill()).toMatchObject({ state: "ok", deleted: 0 });
});

test("a user's cascading foreign key follows a deletion", async () => {
  const things = addThings(mirror);
  const record = things.create({ name: "x" });
  await things.backfill();
  await ownTable("followers", things.slug, "ON DELETE CASCADE");
  await sql`INSERT INTO followers VALUES (${record.id})`;
  things.remove(record.id);
  expect(await things.backfill()).toMatchObject({ deleted: 1 });
  expect(await sql`SELECT 1 FROM followers`).toHaveLength(0);
});

test("a user's lock on a row of their own that would cascade does not stall a deletion", async () => {
  const things = addThings(mirror);
  await mirror.syncSchema();
  const target = await things.target();
  const [held, free] = [randomUUID(), randomUUID()];
  const rows = [held, free].map((id) => mappedThing(id, { name: "x" }));
  await applyRows(sql, target, { rows, begin: await drawTicket(sql) });
  await ownTable("remarks", things.slug, "ON DELETE CASCADE");
  await sql`INSERT INTO remarks VALUES (${held})`;
  const deletion = { ids: [held, free], begin: await drawTicket(sql), announced: false };
  await sql.begin(async (user) => {
    await user`SELECT 1 FROM remarks FOR UPDATE`;
    expect(await deleteRows(sql, target, { ...deletion, mode: "hard" })).toBe(1);
  });
  expect([...(await things.rows()).keys()]).toEqual([held]);
  expect(await dirtyIds(sql, things.slug)).toEqual([held]);
  expect(await setAsideCodes(sql, things.slug)).toEqual(new Map());
}, 20_000);

test("a user's lock on a missing row puts its deletion off to the next run", async () => {
  const things = addThings(mirror);
  const record = things.create({ name: "x" });
  await things.backfill();
  things.remove(record.id);
  await sql.begin(async (user) => {
    await user`SELECT 1 FROM ${sql(`attio.${things.slug}`)} FOR UPDATE`;
    expect(await things.backfill()).toMatchObject({ deleted: 0 });
  });
  expect(await things.backfill()).toMatchObject({ state: "ok", deleted: 1 });
}, 30_000);

test("with soft deletion the row stays with _deleted_at, hidden from the views, and counts as gone", async () => {
  const things = addThings(mirror);
  const soft = { deleteMode: "soft" } as const;
  const record = things.create({ name: "soft" });
  await things.backfill({}, soft);
  things.remove(record.id);
  expect(await things.backfill({}, soft)).toMatchObject({ state: "ok", deleted: 1 });
  const row = (await things.rows()).get(record.id);
  expect(row).toMatchObject({ name: "soft", _hash: null });
  expect(row?._deleted_at).not.toBeNull();
  expect(await isInViews(record.id)).toBe(false);
  expect(await things.backfill({}, soft)).toMatchObject({ state: "ok", deleted: 0 });
});

test("a softly deleted record that comes back loses its _deleted_at, but not by an older page", async () => {
  const things = addThings(mirror);
  await mirror.syncSchema();
  const target = await things.target();
  const id = randomUUID();
  const rows = [mappedThing(id, { name: "x" })];
  await applyRows(sql, target, { rows, begin: await drawTicket(sql) });
  const older = await drawTicket(sql);
  const begin = await drawTicket(sql);
  await deleteRows(sql, target, { ids: [id], begin, mode: "soft", announced: true });
  await applyRows(sql, target, { rows, begin: older });
  expect((await things.rows()).get(id)?._deleted_at).not.toBeNull();
  await applyRows(sql, target, { rows, begin: await drawTicket(sql) });
  expect((await things.rows()).get(id)?._deleted_at).toBeNull();
});

test("a row that somebody fetched while a page was under way is not missed on it", async () => {
  const things = addThings(mirror);
  things.create({ name: "on the page" });
  await things.backfill();
  const target = await things.target();
  const rows = [mappedThing(randomUUID(), { name: "hydrated", created_at: "2024-01-01T00:00:00Z" })];
  const path = `/${mirror.sandbox.store.object(things.slug).id}/records/query`;
  const undo = mirror.sandbox.onRequest(async (request) => {
    if (!request.path.endsWith(path)) return;
    undo();
    await applyRows(sql, target, { rows, begin: await drawTicket(sql) });
  });
  expect(await things.backfill()).toMatchObject({ state: "ok", deleted: 0 });
  expect((await things.rows()).size).toBe(2);
});
