import { beforeEach, expect, it } from "vitest";
import type { Sql } from "../../src/db/client.ts";
import type { SandboxStore } from "../../src/sandbox/index.ts";
import { startMirror, type Mirror } from "../support/mirror.ts";
import { findDifferences } from "../support/oracle.ts";

let mirror: Mirror;
let store: SandboxStore;
let sql: Sql;

beforeEach(async () => {
  mirror = await startMirror();
  ({ store } = mirror.sandbox);
  ({ sql } = mirror.db);
  store.createObject({ slug: "things", singular: "Thing", plural: "Things" });
  const choices = ["red", "green"];
  store.createAttribute("things", { slug: "color", type: "select", choices });
  store.createAttribute("things", { slug: "colors", type: "select", isMultiselect: true, choices });
  store.createAttribute("things", { slug: "phase", type: "status", choices });
  store.createRecord("things", { color: "red", colors: ["green"], phase: "red" });
});

it.each(["color", "colors", "phase"])(
  "a choice of %s made after the schema was read gets its title by a look at its object",
  async (attribute) => {
    beforeFirstPage(() => {
      store.createOption("things", attribute, "just made");
      store.createRecord("things", { [attribute]: "just made" });
      mirror.sandbox.log.clear();
    });
    expect(await backfill()).toMatchObject({ rows: 2, written: 2, state: "ok" });
    expect(looks()).toEqual([`/v2/objects/${store.object("things").id}`]);
    expect(await differences()).toEqual([]);
  },
);

it("a choice of a list's attribute made after the schema was read gets its title as well", async () => {
  store.createList({ slug: "shelf", name: "Shelf", parentObject: "things" });
  const shelf = store.list("shelf");
  store.createAttribute(shelf, { slug: "rank", type: "status", choices: ["low"] });
  const [thing] = store.records("things");
  if (thing === undefined) throw new Error("no thing");
  beforeFirstPage(() => {
    store.createStatus(shelf, "rank", "high");
    store.createEntry("shelf", thing, { rank: "high" });
  });
  expect(await mirror.backfill({ streams: ["list:shelf"] })).toMatchObject([{ written: 1, state: "ok" }]);
  expect(await sql`SELECT rank FROM attio.list_shelf`).toMatchObject([{ rank: "high" }]);
});

it("a choice renamed while its page is on the way has its new title", async () => {
  beforeFirstPage(async () => {
    store.updateOption("things", "color", "red", { title: "crimson" });
    await mirror.syncSchema();
    store.updateOption("things", "color", "crimson", { title: "scarlet" });
  });
  await backfill();
  // The page says "scarlet", but titles come from one source alone, the schema.
  expect(await sql`SELECT color FROM attio.things`).toMatchObject([{ color: "crimson" }]);
  await mirror.syncSchema();
  expect(await sql`SELECT color FROM attio.things`).toMatchObject([{ color: "scarlet" }]);
  expect(await differences()).toEqual([]);
});

it("choices that Attio does not list are taken over from the page, however many they are", async () => {
  const titles = Array.from({ length: 12 }, (_, index) => `unlisted ${index}`);
  for (const title of titles) {
    store.createOption("things", "colors", title);
    store.createStatus("things", "phase", title);
  }
  store.createRecord("things", { colors: titles, phase: "unlisted 7" });
  const faults = [/options$/, /statuses$/].map((path) =>
    mirror.sandbox.faults.add({ kind: "short", items: 2, path }),
  );
  expect(await backfill()).toMatchObject({ rows: 2, written: 2, state: "ok" });
  expect(await sql`SELECT colors, phase FROM attio.things WHERE array_length(colors, 1) > 1`).toMatchObject([
    { colors: titles, phase: "unlisted 7" },
  ]);
  expect(await backfill()).toMatchObject({ rows: 2, written: 0, unchanged: 2, state: "ok" });

  for (const fault of faults) fault.remove();
  store.updateOption("things", "colors", "unlisted 0", { title: "listed at last" });
  await mirror.syncSchema();
  expect(await differences()).toEqual([]);
});

it("many records with new choices cost one look at the schema", async () => {
  for (let index = 0; index < 40; index++) store.createRecord("things", { color: "green" });
  beforeFirstPage(() => {
    const { id } = store.createOption("things", "color", "new");
    for (const { id: record } of store.records("things")) store.updateRecord("things", record, { color: id });
    mirror.sandbox.log.clear();
  });
  expect(await backfill()).toMatchObject({ rows: 41, written: 41 });
  expect(looks()).toHaveLength(1);
  expect(await differences()).toEqual([]);
});

/** Lets something happen when the schema has been read and the first page is asked for. */
function beforeFirstPage(change: () => void | Promise<void>): void {
  const stop = mirror.sandbox.onRequest(async ({ path }) => {
    if (!path.endsWith("/query")) return;
    stop();
    await change();
  });
}

/** Objects that were read again by themselves. */
function looks(): string[] {
  return mirror.sandbox.log.filter({ path: /^\/v2\/objects\/[^/]+$/ }).map(({ path }) => path);
}

async function backfill() {
  const [result] = await mirror.backfill({ streams: ["things"] });
  return result;
}

function differences(): Promise<string[]> {
  return findDifferences(mirror.sandbox, sql, { sources: ["things"], resources: [] });
}
