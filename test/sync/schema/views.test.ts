import { beforeAll, expect, it } from "vitest";
import type { Sql } from "../../../src/db/client.ts";
import { DEFAULT_SEED } from "../../../src/sandbox/index.ts";
import type { Item, SandboxStore } from "../../../src/sandbox/index.ts";
import { startMirror, type Mirror } from "../../support/mirror.ts";

let mirror: Mirror;
let store: SandboxStore;
let sql: Sql;

beforeAll(async () => {
  const seed = { ...DEFAULT_SEED, people: 30, companies: 10, deals: 15 };
  mirror = await startMirror({ sandbox: { seed }, life: "file", deleteMode: "soft" });
  ({ store } = mirror.sandbox);
  ({ sql } = mirror.db);
  const streams = store.objects().map(({ slug }) => (slug === "notes" ? "object:notes" : slug));
  const lists = store.lists().map(({ slug }) => `list:${slug}`);
  await mirror.backfill({ streams: [...streams, ...lists, "notes", "tasks"] });
});

it("records shows every record of every object once", async () => {
  const rows = await sql<{ object: string; id: string; at: string; url: string }[]>`
    SELECT object, record_id AS id, created_at AS at, web_url AS url FROM attio.records`;
  const wanted = store.objects().flatMap(({ slug }) => store.records(slug).map(({ id }) => `${slug} ${id}`));
  expect(rows.map(({ object, id }) => `${object} ${id}`).toSorted()).toEqual(wanted.toSorted());
  expect(rows.every(({ id, url }) => url.endsWith(id))).toBe(true);
});

it("records shows a record's columns, without the fixed ones and the bookkeeping", async () => {
  const [row] = await sql<{ columns: Record<string, unknown> }[]>`
    SELECT columns FROM attio.records WHERE object = 'projects' AND columns ->> 'key' = 'P-0'`;
  expect(row?.columns).toMatchObject({ key: "P-0", effort: 1e15, budget: -12.5, budget_currency: "EUR" });
  const keys = Object.keys(row?.columns ?? {});
  for (const name of [
    "record_id",
    "created_at",
    "web_url",
    "_hash",
    "_fetch_seq",
    "_synced_at",
    "_deleted_at",
  ]) {
    expect(keys).not.toContain(name);
  }
});

it("entries shows every entry of every list once, with its parent", async () => {
  const rows = await sql<{ line: string }[]>`
    SELECT list || ' ' || entry_id || ' ' || parent_object || ' ' || parent_record_id AS line FROM attio.entries`;
  const wanted = store
    .lists()
    .flatMap(({ slug }) =>
      store
        .entries(slug)
        .map(({ id, parent }) => `${slug} ${id} ${parent?.container.slug ?? ""} ${parent?.id ?? ""}`),
    );
  expect(rows.map(({ line }) => line).toSorted()).toEqual(wanted.toSorted());
});

it("links shows every reference, entry's parent, note's parent and task's link", async () => {
  const rows = await sql<{ line: string }[]>`
    SELECT concat_ws(' ', from_object, from_record_id, attribute, to_object, to_record_id) AS line FROM attio.links`;
  const references = [...store.objects(), ...store.lists()].flatMap((container) =>
    [...container.items.values()].flatMap((item) => linesOf(item)),
  );
  const parents = store
    .lists()
    .flatMap(({ slug }) =>
      store.entries(slug).map((entry) => line(`list:${slug}`, entry.id, "parent_record", entry.parent)),
    );
  const notes = store.notes().map(({ id, record }) => line("notes", id, "parent_record", record));
  const tasks = store
    .tasks()
    .flatMap(({ id, linkedRecords }) =>
      linkedRecords.map((record) => line("tasks", id, "linked_records", record)),
    );
  const wanted = [...references, ...parents, ...notes, ...tasks];
  expect(wanted.length).toBeGreaterThan(200);
  expect(rows.map((row) => row.line).toSorted()).toEqual(wanted.toSorted());
});

it("choices shows every value of every multi-select", async () => {
  const rows = await sql<{ value: string }[]>`
    SELECT value FROM attio.choices WHERE object = 'projects' AND attribute = 'labels'`;
  const labels = store.attribute("projects", "labels");
  const wanted = store
    .records("projects")
    .flatMap((record) => store.values(record, "labels").active)
    .map(({ fields }) => labels.choices.get(text(fields["option"]))?.title ?? "");
  expect(wanted.length).toBeGreaterThan(10);
  expect(rows.map(({ value }) => value).toSorted()).toEqual(wanted.toSorted());
});

it("a row that is deleted softly is in no view", async () => {
  const [gone] = store.records("projects");
  if (gone === undefined) throw new Error("no project");
  store.deleteRecord("projects", gone.id);
  await mirror.backfill({ streams: ["projects"] });
  expect(
    await sql`SELECT 1 FROM attio.projects WHERE record_id = ${gone.id} AND _deleted_at IS NOT NULL`,
  ).toHaveLength(1);
  expect(await sql`SELECT 1 FROM attio.records WHERE record_id = ${gone.id}`).toHaveLength(0);
  expect(await sql`SELECT 1 FROM attio.links WHERE from_record_id = ${gone.id}`).toHaveLength(0);
  expect(await sql`SELECT 1 FROM attio.choices WHERE record_id = ${gone.id}`).toHaveLength(0);
});

/** All references of a record or entry, but for an entry's parent, as lines of `attio.links`. */
function linesOf(item: Item): string[] {
  const from = item.container.kind === "list" ? `list:${item.container.slug}` : item.container.slug;
  return [...item.container.attributes.values()]
    .filter((attribute) => attribute.type === "record-reference" && attribute.virtual === undefined)
    .flatMap((attribute) =>
      store.values(item, attribute.slug).active.map(({ fields }) => {
        const target = store.state.items.get(text(fields["target_record_id"]));
        return line(from, item.id, attribute.slug, target);
      }),
    );
}

function line(from: string, id: string, attribute: string, to: Item | undefined): string {
  return [from, id, attribute, to?.container.slug, to?.id].join(" ");
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
