import { beforeEach, expect, it } from "vitest";
import type { Sql } from "../../../src/db/client.ts";
import type { SandboxStore } from "../../../src/sandbox/index.ts";
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
  const choices = ["red", "green", "blue"];
  store.createAttribute("things", { slug: "color", type: "select", choices });
  store.createAttribute("things", { slug: "colors", type: "select", isMultiselect: true, choices });
  store.createAttribute("things", { slug: "phase", type: "status", choices });
  store.createRecord("things", { color: "red", colors: ["green", "red"], phase: "blue" });
  store.createRecord("things", { color: "green", colors: ["blue"], phase: "red" });
  store.createRecord("things", {});
  await backfill();
});

it("a renamed option is renamed in the rows at once; they lose their hash and are marked dirty", async () => {
  store.updateOption("things", "color", "red", { title: "crimson" });
  mirror.sandbox.log.clear();
  await mirror.syncSchema();
  expect(mirror.sandbox.log.count({ path: /query$/ })).toBe(0);
  expect(await rows()).toEqual([
    { color: "crimson", colors: ["green", "red"], phase: "blue", hashed: false, dirty: true },
    { color: "green", colors: ["blue"], phase: "red", hashed: true, dirty: false },
    { color: null, colors: null, phase: null, hashed: true, dirty: false },
  ]);
  expect(await backfill()).toMatchObject({ rows: 3, written: 1, unchanged: 2, state: "ok" });
  expect(await differences()).toEqual([]);
});

it("a renamed option is renamed within lists, whose order stays", async () => {
  store.updateOption("things", "colors", "red", { title: "ruby" });
  await mirror.syncSchema();
  expect((await rows()).map((row) => row.colors)).toEqual([["green", "ruby"], ["blue"], null]);
  expect(await differences()).toEqual([]);
});

it("a renamed status is renamed in the rows", async () => {
  store.updateStatus("things", "phase", "red", { title: "stopped" });
  await mirror.syncSchema();
  expect((await rows()).map((row) => row.phase)).toEqual(["blue", "stopped", null]);
  expect(await differences()).toEqual([]);
});

it("two options that swap their titles are swapped in the rows", async () => {
  for (const attribute of ["color", "colors", "phase"]) {
    store.updateOption("things", attribute, "red", { title: "in between" });
    store.updateOption("things", attribute, "green", { title: "red" });
    store.updateOption("things", attribute, "in between", { title: "green" });
  }
  await mirror.syncSchema();
  expect(await rows()).toMatchObject([
    { color: "green", colors: ["red", "green"], phase: "blue" },
    { color: "red", colors: ["blue"], phase: "green" },
    { color: null, colors: null, phase: null },
  ]);
  expect(await differences()).toEqual([]);
});

it("a title that another option has just given up goes to the rows of its new owner alone", async () => {
  store.updateOption("things", "color", "red", { title: "scarlet" });
  store.updateOption("things", "color", "green", { title: "red" });
  await mirror.syncSchema();
  expect((await rows()).map((row) => row.color)).toEqual(["scarlet", "red", null]);
  expect(await differences()).toEqual([]);
});

it("a new option changes no row; an archived one stays in the rows that have it", async () => {
  store.createOption("things", "color", "white");
  store.updateOption("things", "color", "green", { isArchived: true });
  await mirror.syncSchema();
  expect((await rows()).map((row) => [row.color, row.hashed])).toEqual([
    ["red", true],
    ["green", true],
    [null, true],
  ]);
  expect(await sql`SELECT title FROM attio.select_options WHERE is_archived`).toMatchObject([
    { title: "green" },
  ]);
  expect(await backfill()).toMatchObject({ written: 0, unchanged: 3 });
});

it("renamed option: a page read before it does not bring the old title back", async () => {
  const stop = mirror.sandbox.onAnswer(async ({ path }) => {
    if (!path.endsWith("/query")) return;
    stop();
    store.updateOption("things", "color", "red", { title: "crimson" });
    await mirror.syncSchema();
  });
  await backfill();
  expect((await rows()).map((row) => row.color)).toEqual(["crimson", "green", null]);
  expect(await differences()).toEqual([]);
});

async function backfill() {
  const [result] = await mirror.backfill({ streams: ["things"] });
  return result;
}

interface Row {
  color: string | null;
  colors: string[] | null;
  phase: string | null;
  hashed: boolean;
  dirty: boolean;
}

async function rows(): Promise<Row[]> {
  const found = await sql<Row[]>`
    SELECT color, colors, phase, _hash IS NOT NULL AS hashed, EXISTS (
      SELECT 1 FROM attio_sync.dirty d WHERE d.stream = 'things' AND d.id = t.record_id) AS dirty
    FROM attio.things t ORDER BY created_at, color NULLS LAST`;
  // Records of one millisecond have no order of their own.
  return [...found]
    .map((row) => ({ ...row }))
    .toSorted((a, b) => (b.colors?.length ?? 0) - (a.colors?.length ?? 0));
}

function differences(): Promise<string[]> {
  return findDifferences(mirror.sandbox, sql, { sources: ["things"], resources: [] });
}
