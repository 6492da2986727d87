import { afterEach, beforeAll, expect, test } from "vitest";
import type { Sql } from "../../src/db/index.ts";
import type { Fault, Item } from "../../src/sandbox/index.ts";
import { startMirror, type Mirror } from "../support/mirror.ts";
import { addThings, type Things } from "../support/things.ts";

const BEGAN_MS = Date.parse("2024-01-01T00:00:00Z");

let mirror: Mirror;
let sql: Sql;

beforeAll(async () => {
  mirror = await startMirror({ life: "file" });
  ({ sql } = mirror.db);
});

afterEach(() => mirror.sandbox.faults.clear());

function manyThings(count: number): Things {
  const things = addThings(mirror);
  for (let index = 0; index < count; index++) {
    const createdAt = BEGAN_MS + index * 1000;
    mirror.sandbox.store.createRecord(things.slug, { name: `thing ${index}` }, { createdAt });
  }
  return things;
}

function removeSome(things: Things, count: number): Item[] {
  const gone = mirror.sandbox.store.records(things.slug).slice(0, count);
  for (const { id } of gone) things.remove(id);
  return gone;
}

/** Single records of this object answer as the fault says. */
function lookUps({ slug }: Things): Pick<Fault, "method" | "path"> {
  return { method: "GET", path: new RegExp(`/${mirror.sandbox.store.object(slug).id}/records/`) };
}

test("up to a hundred deletions are believed, however large a part they are", async () => {
  const things = manyThings(100);
  await things.backfill();
  removeSome(things, 100);
  expect(await things.backfill()).toMatchObject({ state: "ok", deleted: 100 });
  expect((await things.rows()).size).toBe(0);
});

test("more than a hundred are believed while they are at most a fifth", async () => {
  const things = manyThings(600);
  await things.backfill();
  removeSome(things, 120);
  expect(await things.backfill()).toMatchObject({ state: "ok", deleted: 120 });
});

test("blast radius in: more than a hundred and a fifth park the run; --allow-deletes overrides that once", async () => {
  const things = manyThings(400);
  await things.backfill();
  removeSome(things, 101);
  mirror.sandbox.log.clear();
  const parked = await things.backfill();
  expect(parked).toMatchObject({ state: "parked", deleted: 0 });
  expect(parked.reason).toBe(
    `101 of 400 rows are missing in Attio, which is too many to delete unasked; run "backfill ${things.slug} --allow-deletes" to accept it`,
  );
  expect(mirror.sandbox.log.count(lookUps(things)), "the cap comes before confirming").toBe(0);
  expect((await things.rows()).size).toBe(400);

  expect(await things.backfill()).toMatchObject({ state: "parked", deleted: 0 });
  expect(await things.backfill({ allowDeletes: true })).toMatchObject({ state: "ok", deleted: 101 });
  expect((await things.rows()).size).toBe(299);

  await sql`UPDATE attio_sync.tombstones SET deleted_at = now() - interval '2 hours'`;
  removeSome(things, 101);
  expect(await things.backfill()).toMatchObject({ state: "parked", deleted: 0 });
});

test("many small deletions within an hour park too, those that Attio announced aside", async () => {
  const things = manyThings(400);
  await things.backfill();
  removeSome(things, 60);
  expect(await things.backfill()).toMatchObject({ state: "ok", deleted: 60 });
  removeSome(things, 60);
  expect(await things.backfill()).toMatchObject({ state: "parked", deleted: 0 });
  await sql`UPDATE attio_sync.tombstones SET announced = true WHERE stream = ${things.slug}`;
  expect(await things.backfill()).toMatchObject({ state: "ok", deleted: 60 });
});

const NOT_CONFIRMED: [string, Fault, string][] = [
  ["404 merge_in_progress", { kind: "status", status: 404, body: mergeInProgress() }, "ok"],
  ["404 without Attio's code", { kind: "html", status: 404 }, "failed"],
  ["404 with another code", { kind: "status", status: 404, body: { code: "value_not_found" } }, "failed"],
  ["500", { kind: "status", status: 500 }, "failed"],
  ["403", { kind: "status", status: 403 }, "forbidden"],
];

test.each(NOT_CONFIRMED)(
  "a missing record whose look-up answers %s is not deleted",
  async (_, fault, state) => {
    const things = manyThings(10);
    await things.backfill();
    const [gone] = removeSome(things, 1);
    mirror.sandbox.faults.add({ ...fault, ...lookUps(things) });
    expect(await things.backfill()).toMatchObject({ state, deleted: 0 });
    expect((await things.rows()).has(gone?.id ?? "")).toBe(true);
    mirror.sandbox.faults.clear();
    expect(await things.backfill()).toMatchObject({ state: "ok", deleted: 1 });
    expect((await things.rows()).has(gone?.id ?? "")).toBe(false);
  },
);

function mergeInProgress() {
  return {
    status_code: 404,
    type: "invalid_request_error",
    code: "merge_in_progress",
    message: "The record is being merged.",
  };
}
