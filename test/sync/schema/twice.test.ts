import { expect, it, onTestFinished } from "vitest";
import { openDatabase } from "../../../src/db/index.ts";
import { syncSchema } from "../../../src/sync/schema/sync-schema.ts";
import { catalogSnapshot } from "../../support/catalog.ts";
import { startMirror, type Mirror } from "../../support/mirror.ts";
import { findDifferences } from "../../support/oracle.ts";
import { rowVersions, touchedRows } from "../../support/row-versions.ts";

it("a second schema sync changes nothing: no DDL, no row written", async () => {
  const mirror = await startSmall();
  expect((await mirror.syncSchema()).changed).toHaveLength(4);
  const [catalog, rows] = [await catalogSnapshot(mirror.db.sql), await rowVersions(mirror.db.sql)];
  expect(await mirror.syncSchema()).toEqual({ changed: [], postponed: [] });
  expect(await catalogSnapshot(mirror.db.sql)).toEqual(catalog);
  expect(touchedRows(rows, await rowVersions(mirror.db.sql))).toEqual([]);
});

it("two processes that sync the schema at once do no harm", async () => {
  const mirror = await startSmall();
  const others = [await mirror.another(), await mirror.another()];
  const all = [mirror, ...others];
  const first = await Promise.all(all.map((one) => one.syncSchema()));
  expect(first.filter(({ changed }) => changed.length > 0)).toHaveLength(1);
  const catalog = await catalogSnapshot(mirror.db.sql);

  const { store } = mirror.sandbox;
  store.updateAttribute("people", "name", { slug: "full_name" });
  store.createAttribute("people", { slug: "shoe_size", type: "number" });
  store.updateObject("projects", { slug: "ventures" });
  const second = await Promise.all(all.map((one) => one.syncSchema()));
  expect(second.flatMap(({ changed }) => changed).toSorted()).toEqual([
    "list:projects",
    "people",
    "ventures",
  ]);
  expect(await catalogSnapshot(mirror.db.sql)).not.toEqual(catalog);

  await Promise.all(all.map((one) => one.backfill({ streams: ["people", "ventures"] })));
  const options = { sources: ["people", "ventures"], resources: [] };
  expect(await findDifferences(mirror.sandbox, mirror.db.sql, options)).toEqual([]);
});

it("as many syncs at once as a pool has connections, and more, come to their end", async () => {
  const { deps } = await startSmall();
  const db = await openDatabase(deps.db.url, { connections: 2 });
  onTestFinished(() => db.close());
  const synced = await Promise.all(Array.from({ length: 4 }, () => syncSchema({ ...deps, db })));
  expect(synced.filter(({ changed }) => changed.length > 0)).toHaveLength(1);
});

async function startSmall(): Promise<Mirror> {
  const mirror = await startMirror();
  const { store } = mirror.sandbox;
  store.createObject({ slug: "projects", singular: "Project", plural: "Projects" });
  store.createAttribute("projects", { slug: "phase", type: "status", choices: ["Plan", "Do"] });
  store.createAttribute("projects", { slug: "budget", type: "currency" });
  store.createRecord("projects", { phase: "Do", budget: 3 });
  store.createRecord("people", { name: "Lovelace, Ada" });
  store.createList({ slug: "projects", name: "Projects", parentObject: "projects" });
  return mirror;
}
