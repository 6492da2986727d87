import { afterEach, beforeAll, expect, test } from "vitest";
import { AttioAuthError } from "../../src/attio/index.ts";
import type { Sql } from "../../src/db/index.ts";
import { ALL_SCOPES, type Item } from "../../src/sandbox/index.ts";
import type { StreamResult } from "../../src/sync/backfill/index.ts";
import { startMirror, type Mirror } from "../support/mirror.ts";
import { findDifferences } from "../support/oracle.ts";
import { addThings, type Things } from "../support/things.ts";
import { past } from "../support/as-daemon.ts";

const MAX_PAGE = { records: 20, entries: 20, notes: 10, tasks: 10 };
const BEGAN_MS = Date.parse("2024-01-01T00:00:00Z");

let mirror: Mirror;
let sql: Sql;
/** 110 records that no trouble may cost; each test leaves them mirrored. */
let things: Things;

beforeAll(async () => {
  mirror = await startMirror({ life: "file", sandbox: { seed: "empty", maxPage: MAX_PAGE } });
  ({ sql } = mirror.db);
  things = manyThings(110);
  await things.backfill();
});

afterEach(() => {
  mirror.sandbox.faults.clear();
  mirror.sandbox.setScopes(ALL_SCOPES);
});

function manyThings(count: number): Things {
  const made = addThings(mirror);
  for (let index = 0; index < count; index++) {
    const createdAt = BEGAN_MS + index * 1000;
    mirror.sandbox.store.createRecord(made.slug, { name: `thing ${index}` }, { createdAt });
  }
  return made;
}

function firstRecord(): Item {
  const [record] = mirror.sandbox.store.records(things.slug);
  if (record === undefined) throw new Error("there is no record");
  return record;
}

function queriesOf({ slug }: Things): RegExp {
  return new RegExp(`/${mirror.sandbox.store.object(slug).id}/records/query$`);
}

async function countRows(table: string): Promise<number> {
  const [row] = await sql<{ rows: number }[]>`SELECT count(*) AS rows FROM ${sql(`attio.${table}`)}`;
  return row?.rows ?? 0;
}

/** Backfills one stream and finds that no row of its table went, and that result and stream say the same. */
async function backfillKeeping(stream: string, table: string): Promise<StreamResult> {
  const before = await countRows(table);
  expect(before).toBeGreaterThan(0);
  const [result] = await mirror.backfill({ streams: [stream] });
  if (result === undefined) throw new Error("no result");
  expect(result.deleted).toBe(0);
  expect(await countRows(table)).toBe(before);
  const [row] = await sql`SELECT state, reason FROM attio_sync.streams WHERE stream = ${stream}`;
  expect(row).toEqual({ state: result.state, reason: result.reason });
  if (result.state !== "ok") expect(result.reason).toMatch(/\w/);
  return result;
}

/** After the trouble is over, one run mends everything. */
async function expectMended(stream: string, source: string, resources: string[] = []): Promise<void> {
  const [result] = await mirror.backfill({ streams: [stream] });
  expect(result).toMatchObject({ state: "ok", reason: null, deleted: 0 });
  expect(await findDifferences(mirror.sandbox, sql, { sources: [source], resources })).toEqual([]);
}

test("a page that is empty before the end is asked for again", async () => {
  mirror.sandbox.faults.add({ kind: "short", items: 0, path: queriesOf(things), after: 2, times: 1 });
  expect(await backfillKeeping(things.slug, things.slug)).toMatchObject({ state: "ok", rows: 110 });
});

test("short listing read as deletion: one that goes on ending early deletes nothing and says that it did", async () => {
  mirror.sandbox.faults.add({ kind: "short", items: 0, path: queriesOf(things), after: 2 });
  const result = await backfillKeeping(things.slug, things.slug);
  expect(result.state).toBe("failed");
  expect(result.reason).toContain("rows lie behind it");
  mirror.sandbox.faults.clear();
  await expectMended(things.slug, things.slug);
});

test.each([
  { fault: "an empty page", items: 0, after: 2, state: "ok" },
  { fault: "nothing more, ever", items: 0, after: 2, times: Infinity, state: "failed" },
  { fault: "one row alone, of many of its millisecond", items: 1, after: 6, state: "ok" },
])("a first backfill whose listing ends early with $fault is no complete one", async (theCase) => {
  const { items, after, times = 1, state } = theCase;
  const fresh = manyThings(90);
  for (let index = 0; index < 15; index++)
    mirror.sandbox.store.createRecord(fresh.slug, { name: "tie" }, { createdAt: BEGAN_MS + 90_000 });
  mirror.sandbox.faults.add({ kind: "short", items, path: queriesOf(fresh), after, times });
  expect(await fresh.backfill()).toMatchObject({ state });
  mirror.sandbox.faults.clear();
  if (state === "failed") await expectMended(fresh.slug, fresh.slug);
  expect((await fresh.rows()).size).toBe(105);
});

test("a first backfill of notes or tasks goes on behind a page that was cut short", async () => {
  const record = firstRecord();
  for (let index = 0; index < 35; index++) {
    mirror.sandbox.store.createNote({ record, title: `${index}`, content: "text" });
    mirror.sandbox.store.createTask({ content: `${index}` });
  }
  for (const items of [0, 3]) {
    await past(sql)`TRUNCATE attio.notes, attio.tasks, attio_sync.tombstones`;
    mirror.sandbox.faults.add({ kind: "short", items, path: /\/v2\/notes$/, after: 2, times: 1 });
    mirror.sandbox.faults.add({ kind: "short", items, path: /\/v2\/tasks$/, after: 1, times: 1 });
    const results = await mirror.backfill({ streams: ["notes", "tasks"] });
    expect(results).toMatchObject([{ state: "ok" }, { state: "ok" }]);
    expect(
      await findDifferences(mirror.sandbox, sql, { sources: ["none"], resources: ["notes", "tasks"] }),
    ).toEqual([]);
  }
});

test("short page: it is only a shorter step", async () => {
  mirror.sandbox.faults.add({ kind: "short", items: 7, path: queriesOf(things), times: 3 });
  expect(await backfillKeeping(things.slug, things.slug)).toMatchObject({ state: "ok", rows: 110 });
});

test("a listing that is suddenly empty parks when it hides many rows", async () => {
  mirror.sandbox.faults.add({ kind: "short", items: 0, path: queriesOf(things) });
  mirror.sandbox.log.clear();
  const result = await backfillKeeping(things.slug, things.slug);
  expect(result.state).toBe("parked");
  expect(result.reason).toContain("--allow-deletes");
  expect(mirror.sandbox.log.count({ method: "GET", path: "/records/" })).toBe(0);
  mirror.sandbox.faults.clear();
  await expectMended(things.slug, things.slug);
});

test("a listing that is suddenly empty deletes nothing even where deletions are allowed", async () => {
  mirror.sandbox.faults.add({ kind: "short", items: 0, path: queriesOf(things), times: 2 });
  const result = await things.backfill({ allowDeletes: true });
  expect(result).toMatchObject({ state: "failed", deleted: 0 });
  expect((await things.rows()).size).toBe(110);
});

test("errors past the retries in the middle of a stream delete nothing and fail it", async () => {
  mirror.sandbox.faults.add({ kind: "status", status: 500, path: queriesOf(things), after: 2 });
  const result = await backfillKeeping(things.slug, things.slug);
  expect(result.state).toBe("failed");
  expect(result.reason).toContain("500");
  mirror.sandbox.faults.clear();
  await expectMended(things.slug, things.slug);
});

test("an empty listing of notes is a state of the stream, not absence", async () => {
  const record = firstRecord();
  for (let index = 0; index < 15; index++) {
    mirror.sandbox.store.createNote({ record, title: `${index}`, content: "text" });
  }
  await mirror.backfill({ streams: ["notes"] });
  mirror.sandbox.faults.add({ kind: "short", items: 0, path: /\/v2\/notes$/ });
  expect(await backfillKeeping("notes", "notes")).toMatchObject({ state: "empty" });
  mirror.sandbox.faults.clear();
  await expectMended("notes", "none", ["notes"]);
});

test("a listing of tasks that ends early deletes none of those that can still be read", async () => {
  for (let index = 0; index < 35; index++) mirror.sandbox.store.createTask({ content: `${index}` });
  await mirror.backfill({ streams: ["tasks"] });
  mirror.sandbox.faults.add({ kind: "short", items: 0, path: /\/v2\/tasks$/ });
  const result = await backfillKeeping("tasks", "tasks");
  expect(result.state).toBe("failed");
  expect(result.reason).toContain("left out");
  mirror.sandbox.faults.clear();
  await expectMended("tasks", "none", ["tasks"]);
});

test("a list that is hidden keeps its entries, and their comments", async () => {
  const { store } = mirror.sandbox;
  const list = store.createList({ slug: "guarded", name: "Guarded", parentObject: things.slug });
  for (const record of store.records(things.slug).slice(0, 30)) {
    store.createComment({ on: store.createEntry(list, record), content: "on the entry" });
  }
  const streams = [things.slug, "list:guarded", "comments"];
  await mirror.backfill({ streams });
  const comments = await countRows("comments");

  store.setListHidden("guarded", true);
  const [result] = await mirror.backfill({ streams: ["list:guarded"] });
  expect(result).toMatchObject({ state: "hidden", deleted: 0 });
  await mirror.backfill({ streams: ["comments"] });
  expect(await countRows("list_guarded")).toBe(30);
  expect(await countRows("comments")).toBe(comments);

  store.setListHidden("guarded", false);
  await expectMended("list:guarded", "guarded");
});

test("a list that is hidden while it is read keeps its entries", async () => {
  const { store } = mirror.sandbox;
  const list = store.createList({ slug: "fading", name: "Fading", parentObject: things.slug });
  for (const record of store.records(things.slug).slice(0, 60)) store.createEntry(list, record);
  await mirror.backfill({ streams: [things.slug, "list:fading"] });
  let pages = 0;
  const undo = mirror.sandbox.onRequest(({ path }) => {
    if (path.endsWith("/entries/query") && ++pages === 2) store.setListHidden("fading", true);
  });
  const result = await backfillKeeping("list:fading", "list_fading");
  undo();
  expect(result.state).not.toBe("ok");
  store.setListHidden("fading", false);
  await expectMended("list:fading", "fading");
});

test("an object that is switched off keeps its records, and comes back", async () => {
  const { store } = mirror.sandbox;
  store.setObjectEnabled(things.slug, false);
  expect((await backfillKeeping(things.slug, things.slug)).state).not.toBe("ok");
  store.setObjectEnabled(things.slug, true);
  await expectMended(things.slug, things.slug);
});

test("an object that is switched off while it is read is a disabled stream", async () => {
  const { store } = mirror.sandbox;
  let pages = 0;
  const path = queriesOf(things);
  const undo = mirror.sandbox.onRequest((request) => {
    if (path.test(request.path) && ++pages === 2) store.setObjectEnabled(things.slug, false);
  });
  expect(await backfillKeeping(things.slug, things.slug)).toMatchObject({ state: "disabled" });
  undo();
  store.setObjectEnabled(things.slug, true);
  await expectMended(things.slug, things.slug);
});

test("a scope that the token lost makes its streams forbidden, and they come back with it", async () => {
  const { sandbox } = mirror;
  const record = firstRecord();
  sandbox.store.createNote({ record, title: "note", content: "text" });
  sandbox.store.createTask({ content: "task" });
  const comment = sandbox.store.createComment({ on: record, content: "comment" });
  expect(comment.thread.comments).toHaveLength(1);
  const streams = [things.slug, "notes", "tasks", "comments", "members"];
  await mirror.backfill({ streams });
  const losses = [
    ["record_permission", things.slug, things.slug],
    ["object_configuration", things.slug, things.slug],
    ["note", "notes", "notes"],
    ["task", "tasks", "tasks"],
    ["comment", "comments", "comments"],
    ["user_management", "members", "workspace_members"],
  ] as const;
  for (const [scope, stream, table] of losses) {
    sandbox.setScopes(ALL_SCOPES.filter((one) => !one.startsWith(`${scope}:`)));
    const result = await backfillKeeping(stream, table);
    expect([scope, result.state]).toEqual([scope, "forbidden"]);
  }
  sandbox.setScopes(ALL_SCOPES);
  const again = await mirror.backfill({ streams });
  expect(again.map(({ state, deleted }) => [state, deleted])).toEqual(streams.map(() => ["ok", 0]));
});

test("a token that is revoked ends the backfill and deletes nothing", async () => {
  const { access } = mirror.sandbox;
  const path = queriesOf(things);
  const undo = mirror.sandbox.onRequest((request) => {
    if (path.test(request.path)) access.isActive = false;
  });
  await expect(things.backfill()).rejects.toThrow(AttioAuthError);
  undo();
  expect((await things.rows()).size).toBe(110);
  access.isActive = true;
  await expectMended(things.slug, things.slug);
});

// From here on the mirror holds what Attio does not have any more.

test("a list that was deleted keeps its entries here", async () => {
  const { store } = mirror.sandbox;
  const list = store.createList({ slug: "ended", name: "Ended", parentObject: things.slug });
  for (const record of store.records(things.slug).slice(0, 60)) store.createEntry(list, record);
  await mirror.backfill({ streams: [things.slug, "list:ended"] });
  store.deleteList("ended");
  expect(await backfillKeeping("list:ended", "list_ended")).toMatchObject({ state: "hidden" });
});

test("an object that was deleted keeps its records here", async () => {
  mirror.sandbox.store.deleteObject(things.slug);
  expect(await backfillKeeping(things.slug, things.slug)).toMatchObject({ state: "gone" });
});
