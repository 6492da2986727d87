import { beforeAll, expect, it } from "vitest";
import { retryChanges } from "../../src/sync/push/resolve-changes.ts";
import { drain } from "../support/live.ts";
import { findDifferences } from "../support/oracle.ts";
import { startWriting, type Writing } from "../support/writing.ts";

let writing: Writing;
let companies: string[];
let prepared: Slugs[];

/** Attributes of one test. */
type Slugs = Record<"motto" | "mood" | "colours" | "phase", string>;

beforeAll(async () => {
  writing = await startWriting({
    seed: { people: 5, companies: 9, deals: 5, seed: 4 },
    mirror: { life: "file" },
  });
  const rows = await writing.user<{ id: string }[]>`SELECT record_id AS id FROM attio.companies ORDER BY 1`;
  companies = rows.map(({ id }) => id);
  prepared = companies.map((_, place) => addAttributes(String(place)));
  await writing.mirror.syncSchema();
});

/** A text, a select, a list of options and a status. */
function addAttributes(suffix: string): Slugs {
  const { store } = writing.mirror.sandbox;
  const slug = {
    motto: `motto_${suffix}`,
    mood: `mood_${suffix}`,
    colours: `colours_${suffix}`,
    phase: `phase_${suffix}`,
  };
  store.createAttribute("companies", { slug: slug.motto, type: "text" });
  store.createAttribute("companies", { slug: slug.mood, type: "select" });
  store.createAttribute("companies", { slug: slug.colours, type: "select", isMultiselect: true });
  store.createAttribute("companies", { slug: slug.phase, type: "status" });
  for (const title of ["Calm", "Wild"]) store.createOption("companies", slug.mood, title);
  for (const title of ["Red", "Blue", "Green"]) store.createOption("companies", slug.colours, title);
  for (const title of ["Early", "Late"]) store.createStatus("companies", slug.phase, title);
  return slug;
}

/** A company and attributes that no test has used. */
function prepare(): { id: string; slug: Slugs } {
  const [id, slug] = [companies.pop(), prepared.pop()];
  if (id === undefined || slug === undefined) throw new Error("no companies are left");
  return { id, slug };
}

async function write(id: string, slug: Slugs): Promise<void> {
  const { user } = writing;
  const values = {
    [slug.motto]: "Onwards",
    [slug.mood]: "Calm",
    [slug.colours]: ["Red", "Green"],
    [slug.phase]: "Early",
  };
  await user`UPDATE attio.companies SET ${user(values)} WHERE record_id = ${id}`;
}

/** Everything that was written gets another name; the titles that were chosen go to others. */
function renameAll(slug: Slugs): { ids: unknown[] } {
  const { store } = writing.mirror.sandbox;
  const idOf = (attribute: string, title: string) => store.choice("companies", attribute, title).id;
  const ids = [
    idOf(slug.mood, "Calm"),
    idOf(slug.colours, "Red"),
    idOf(slug.colours, "Green"),
    idOf(slug.phase, "Early"),
  ];
  const swap = (attribute: string, one: string, other: string) => {
    const [first, second] = [idOf(attribute, one), idOf(attribute, other)];
    store.updateOption("companies", attribute, first, { title: "between" });
    store.updateOption("companies", attribute, second, { title: one });
    store.updateOption("companies", attribute, first, { title: other });
  };
  store.updateOption("companies", slug.mood, "Calm", { title: "Serene" });
  swap(slug.colours, "Red", "Blue");
  swap(slug.phase, "Early", "Late");
  return { ids };
}

function renameSlugs(slug: Slugs): Slugs {
  const { store } = writing.mirror.sandbox;
  const renamed = Object.fromEntries(
    Object.entries(slug).map(([key, name]) => [key, `new_${name}`]),
  ) as Slugs;
  for (const key of Object.keys(slug) as (keyof Slugs)[])
    store.updateAttribute("companies", slug[key], { slug: renamed[key] });
  return renamed;
}

/** The text and the ids of the options that Attio has. */
function there(id: string, slug: Slugs): unknown[] {
  const { store } = writing.mirror.sandbox;
  const fields = (name: string) =>
    store
      .values(store.record("companies", id), name)
      .active.map((value) => value.fields as Record<string, unknown>);
  return [
    fields(slug.motto)[0]?.["value"],
    ...[slug.mood, slug.colours, slug.phase].flatMap((name) =>
      fields(name).map((one) => one["option"] ?? one["status"]),
    ),
  ];
}

async function statuses(id: string): Promise<unknown[]> {
  const rows = await writing.user<{ status: string; code: string | null }[]>`
    SELECT status, error_code AS code FROM attio.changes WHERE record_id = ${id} ORDER BY id`;
  return rows.map(({ status, code }) => [status, code]);
}

async function expectArrived(id: string, slug: Slugs, ids: unknown[]): Promise<void> {
  const { mirror } = writing;
  expect(await statuses(id)).toEqual([["pushed", null]]);
  expect(there(id, slug)).toEqual(["Onwards", ...ids]);
  await mirror.syncSchema();
  await drain(mirror);
  expect(
    await findDifferences(mirror.sandbox, mirror.db.sql, { sources: ["companies"], resources: [] }),
  ).toEqual([]);
}

it("what waits follows attributes, options and statuses that got other names, swapped ones too", async () => {
  const { id, slug } = prepare();
  await write(id, slug);
  const { ids } = renameAll(slug);
  const renamed = renameSlugs(slug);
  await writing.mirror.syncSchema();
  await writing.push();
  await expectArrived(id, renamed, ids);
});

it.each(["learns nothing of them", "learns of them by reading the record"])(
  "a push that knows none of the new names yet, and %s",
  async (how) => {
    const { id, slug } = prepare();
    const { store } = writing.mirror.sandbox;
    store.updateRecord("companies", id, { [slug.motto]: "Before" });
    await writing.mirror.backfill({ streams: ["companies"] });
    await write(id, slug);

    if (how === "learns of them by reading the record") {
      store.createOption("companies", "categories", "Unheard of");
      store.updateRecord("companies", id, { categories: ["Unheard of"] });
    }
    const { ids } = renameAll(slug);
    const renamed = renameSlugs(slug);
    await writing.push();
    await expectArrived(id, renamed, ids);
  },
);

it.each(["before it is read", "before it is written", "before it is answered"])(
  "names that change while a push is under way: %s",
  async (when) => {
    const { id, slug } = prepare();
    await write(id, slug);
    const { mirror, push } = writing;
    let after: Promise<{ ids: unknown[]; renamed: Slugs }> | undefined;
    const rename = async () => {
      const { ids } = renameAll(slug);
      const renamed = renameSlugs(slug);
      await mirror.syncSchema();
      return { ids, renamed };
    };
    const { sandbox } = mirror;
    const observe = async ({ method, path }: { method: string; path: string }) => {
      if (!path.includes(id) || (method === "GET") === (when === "before it is answered")) return;
      stop();
      after = rename();
      await after;
    };
    const stop = when === "before it is read" ? sandbox.onRequest(observe) : sandbox.onAnswer(observe);
    await push();
    if (after === undefined) throw new Error("nothing was asked");
    const { ids, renamed } = await after;
    await expectArrived(id, renamed, ids);
  },
);

it.each(["failed", "conflict"])(
  "what is %s follows them as well, and arrives once it is retried",
  async (state) => {
    const { id, slug } = prepare();
    const { mirror, push } = writing;
    await write(id, slug);
    mirror.sandbox.faults.add({ kind: "status", status: 400, path: id, times: 1 });
    await push();
    expect((await statuses(id))[0]).toMatchObject(["failed", expect.any(String)]);
    await mirror.db.sql`UPDATE attio_sync.outbox SET status = ${state} WHERE record_id = ${id}`;
    const { ids } = renameAll(slug);
    const renamed = renameSlugs(slug);
    await mirror.syncSchema();
    await retryChanges(mirror.db, [], { allowBulk: false });
    await push();
    await expectArrived(id, renamed, ids);
  },
);

it("a change of an attribute that was archived since fails with its reason, and arrives once it is back", async () => {
  const { id, slug } = prepare();
  const { mirror, user, push } = writing;
  const { store } = mirror.sandbox;
  await write(id, slug);
  const ids = renameAll(slug).ids;
  store.updateAttribute("companies", slug.motto, { isArchived: true });
  await mirror.syncSchema();
  await push();
  expect(await statuses(id)).toEqual([["failed", "attribute_closed"]]);
  const [row] = await user`SELECT ${user(slug.motto)} AS motto FROM attio.companies WHERE record_id = ${id}`;
  expect(row).toEqual({ motto: "Onwards" });
  store.updateAttribute("companies", slug.motto, { isArchived: false });
  await mirror.syncSchema();
  await retryChanges(mirror.db, [], { allowBulk: false });
  await push();
  await expectArrived(id, slug, ids);
});
