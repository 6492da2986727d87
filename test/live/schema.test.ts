import { beforeEach, expect, test } from "vitest";
import type { Sql } from "../../src/db/index.ts";
import { ALL_SCOPES, type Item, type SandboxStore } from "../../src/sandbox/index.ts";
import { deliverEvents, drain } from "../support/live.ts";
import { startMirror, type Mirror } from "../support/mirror.ts";
import { findDifferences } from "../support/oracle.ts";

let mirror: Mirror;
let store: SandboxStore;
let sql: Sql;
let settled: () => Promise<void>;
let thing: Item;
let entry: Item;

beforeEach(async () => {
  mirror = await startMirror({ sandbox: { seed: "empty" } });
  ({ store } = mirror.sandbox);
  ({ sql } = mirror.db);
  store.createObject({ slug: "things", singular: "Thing", plural: "Things" });
  store.createAttribute("things", { slug: "name", type: "text" });
  store.createAttribute("things", { slug: "size", type: "number" });
  store.createAttribute("things", { slug: "phase", type: "status", choices: ["new", "old"] });
  for (let index = 0; index < 10; index++)
    store.createRecord("things", { name: `${index}`, size: 7, phase: "new" });
  thing = store.records("things")[0] as Item;
  const list = store.createList({ slug: "shelf", name: "Shelf", parentObject: "things" });
  store.createAttribute(list, { slug: "remark", type: "text" });
  for (const record of store.records("things")) store.createEntry("shelf", record, { remark: "as it was" });
  entry = store.entries("shelf")[0] as Item;
  await mirror.backfill();
  ({ settled } = deliverEvents(mirror));
});

/** Lets the events arrive and everything that they cause happen. */
async function arrive(): Promise<void> {
  await settled();
  await drain(mirror);
}

async function differences(): Promise<string[]> {
  return findDifferences(mirror.sandbox, sql, { resources: [] });
}

async function countRows(table: string): Promise<number> {
  const [row] = await sql<{ rows: number }[]>`SELECT count(*) AS rows FROM ${sql(`attio.${table}`)}`;
  return row?.rows ?? 0;
}

async function stateOf(stream: string): Promise<{ state: string; reason: string | null } | undefined> {
  const [row] = await sql<{ state: string; reason: string | null }[]>`
    SELECT state, reason FROM attio_sync.streams WHERE stream = ${stream}`;
  return row;
}

test("an attribute's slug, an option's title and a list's slug renamed are followed, with their data", async () => {
  store.updateAttribute("things", "size", { slug: "girth" });
  store.updateStatus("things", "phase", "new", { title: "fresh" });
  store.updateList("shelf", { slug: "rack", name: "Rack" });
  store.updateRecord("things", thing.id, { girth: 99 });
  store.updateEntry("rack", entry.id, { remark: "changed" });
  await arrive();
  expect(await differences()).toEqual([]);
  expect(await sql`SELECT girth, phase FROM attio.things WHERE record_id = ${thing.id}`).toEqual([
    { girth: 99, phase: "fresh" },
  ]);
  expect(await sql`SELECT remark FROM attio.list_rack WHERE entry_id = ${entry.id}`).toEqual([
    { remark: "changed" },
  ]);
});

test("an attribute that is archived keeps its data; restored, it is filled by the backfill that follows", async () => {
  store.updateAttribute("things", "size", { isArchived: true });
  store.updateRecord("things", thing.id, { name: "other" });
  await arrive();
  expect(await sql`SELECT name, size FROM attio.things WHERE record_id = ${thing.id}`).toEqual([
    { name: "other", size: 7 },
  ]);
  store.updateAttribute("things", "size", { isArchived: false });
  store.updateRecord("things", thing.id, { size: 5 });
  await settled();
  const { changed } = await mirror.syncSchema();
  expect(changed).toEqual(["things"]);
  await arrive();
  await mirror.backfill({ streams: changed });
  expect(await differences()).toEqual([]);
});

test.each([
  {
    loss: "an object is switched off",
    lose: () => store.setObjectEnabled("things", false),
    regain: () => store.setObjectEnabled("things", true),
    stream: "things",
    state: "disabled",
  },
  {
    loss: "a list is hidden",
    lose: () => store.setListHidden("shelf", true),
    regain: () => store.setListHidden("shelf", false),
    stream: "list:shelf",
    state: "hidden",
  },
  {
    loss: "a scope is lost",
    lose: () => mirror.sandbox.setScopes(ALL_SCOPES.filter((scope) => !scope.startsWith("record_"))),
    regain: () => mirror.sandbox.setScopes(ALL_SCOPES),
    stream: "things",
    state: "forbidden",
  },
])(
  "where $loss, doorbells lose no row, the stream says why, and all is well once it is back",
  async (theCase) => {
    store.updateRecord("things", thing.id, { name: "rung" });
    store.updateEntry("shelf", entry.id, { remark: "rung" });
    theCase.lose();
    await arrive();
    await mirror.backfill();
    expect(await stateOf(theCase.stream)).toEqual({
      state: theCase.state,
      reason: expect.stringMatching(/\w/) as string,
    });
    expect([await countRows("things"), await countRows("list_shelf")]).toEqual([10, 10]);

    theCase.regain();
    await mirror.backfill();
    expect(await stateOf(theCase.stream)).toEqual({ state: "ok", reason: null });
    expect(await differences()).toEqual([]);
  },
);
