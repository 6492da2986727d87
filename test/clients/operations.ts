import { expect } from "vitest";
import type { Writing } from "../support/writing.ts";
import { readItems, type AttioItem } from "./attio.ts";
import type { Client, Report, Row, Touched } from "./client.ts";

/** What the operations of one client work on. They run one after another, and keep apart by the names they give. */
export interface Context {
  client: Client;
  writing: Writing;
}

/** What an application does through a client, and what must be in Attio and in the row afterwards. */
export interface Operation {
  name: string;
  run: (context: Context) => Promise<void>;
}

const BULK = 50;

/** The ten operations that every client does. Nothing but SQL's effects and Attio's state is looked at. */
export const OPERATIONS: readonly Operation[] = [
  { name: "an insert makes one record, and the row takes Attio's id", run: insertAndSettle },
  { name: "an insert that names only parts of a value gives Attio the whole value", run: insertParts },
  {
    name: "an object that is read, changed and saved whole writes the changed attribute only",
    run: saveWhole,
  },
  {
    name: "an object that is saved under its provisional id later never makes a second record",
    run: saveSpent,
  },
  { name: "under a key of the application's own an object lives through settlement", run: ownKey },
  { name: "elements are added to a list and taken from it", run: editArrays },
  { name: "a value that is set to NULL is cleared in Attio", run: clearValue },
  { name: "a deleted row is deleted in Attio, and one that Attio never saw is not made", run: removeRows },
  {
    name: "a transaction arrives whole, references between its new rows included, or not at all",
    run: transact,
  },
  { name: "one statement inserts and changes many rows; a read-only column is refused by name", run: bulk },
];

async function insertAndSettle(context: Context): Promise<void> {
  const { client, writing } = context;
  const provisional = await client.insert("deals", await newDeal(context, "inserted", { value: 12.5 }));
  expect(await column(context, "deals", "inserted", "record_id")).toEqual([provisional]);
  await writing.push();
  const [deal, ...others] = await inAttio(context, "objects/deals/records", "inserted");
  expect(others).toEqual([]);
  expect(deal?.values).toMatchObject({ stage: ["Lead"], value: [12.5] });
  expect(deal?.id).not.toBe(provisional);
  expect(await column(context, "deals", "inserted", "record_id")).toEqual([deal?.id]);
  expect(await currentId(context, provisional)).toBe(deal?.id);
  const { row } = await client.load("deals", deal?.id ?? "");
  expect(row).toMatchObject({ record_id: deal?.id, name: "inserted", stage: "Lead" });
  expect(Number(row["value"])).toBe(12.5);
}

async function insertParts(context: Context): Promise<void> {
  const { client, writing } = context;
  const email = "grace@insert-parts.com";
  await client.insert("people", { name_first: "Grace", name_last: "Hopper", email_addresses: [email] });
  await writing.push();
  const people = await inAttio(context, "objects/people/records", "Grace Hopper");
  expect(people.map(({ values }) => values["email_addresses"])).toEqual([[email]]);
  const rows = await writing.user`
    SELECT record_id, name, name_first, name_last FROM attio.people WHERE email_addresses = ARRAY[${email}]`;
  const name = { name: "Grace Hopper", name_first: "Grace", name_last: "Hopper" };
  expect([...rows]).toEqual([{ record_id: people[0]?.id, ...name }]);
}

async function saveWhole(context: Context): Promise<void> {
  const { client, writing } = context;
  const [person] = await writing.user<{ id: string; micros: string }[]>`
    SELECT record_id AS id, to_char(_synced_at, 'US') AS micros FROM attio.people
    WHERE name IS NOT NULL AND last_interaction IS NOT NULL AND job_title IS NOT NULL
      AND to_char(_synced_at, 'US') NOT LIKE '%000'
    ORDER BY 1 LIMIT 1`;
  const id = person?.id ?? "";
  const before = await itemInAttio(context, "objects/people/records", id);
  const mark = await lastChange(context);
  const object = await client.load("people", id);
  await object.save({ job_title: "Saved whole" });
  expect(await changesSince(context, mark)).toEqual([
    { operation: "update", changes: { job_title: "Saved whole" } },
  ]);
  await writing.push();
  const after = await itemInAttio(context, "objects/people/records", id);
  expect(after.values).toEqual({ ...before.values, job_title: ["Saved whole"] });
}

async function saveSpent(context: Context): Promise<void> {
  const { client, writing } = context;
  const deal = await newDeal(context, "spent", { value: 1 });
  const provisional = await client.insert("deals", deal);
  const object = await client.load("deals", provisional);
  await writing.push();
  const one = async () => {
    await writing.push();
    const deals = await inAttio(context, "objects/deals/records", "spent");
    expect(deals).toHaveLength(1);
    expect(await column(context, "deals", "spent", "record_id")).toEqual([deals[0]?.id]);
    expect(await currentId(context, provisional)).toBe(deals[0]?.id);
    return deals[0]?.values["value"];
  };
  expect(await one()).toEqual([1]);

  await client.upsert("deals", { ...deal, record_id: provisional, value: 2 });
  const upserted = client.spent.upsert === "nothing" ? 1 : 2;
  expect(await one()).toEqual([upserted]);

  const said = {
    update: await report(client.update("deals", provisional, { value: 3 })),
    save: await report(object.save({ value: 4 })),
    remove: await report(client.remove("deals", provisional)),
  };
  expect(said).toEqual(expectedReports(client));
  expect(await one()).toEqual([upserted]);

  await client.update("deals", await currentId(context, provisional), { value: 5 });
  expect(await one()).toEqual([5]);
}

async function ownKey(context: Context): Promise<void> {
  const { client, writing } = context;
  const deal = await newDeal(context, "own key", { value: 1 });
  const key = await client.insert("own_deals", deal);
  const object = await client.load("own_deals", key);
  await writing.push();
  const [made] = await inAttio(context, "objects/deals/records", "own key");
  const one = async () => {
    await writing.push();
    const deals = await inAttio(context, "objects/deals/records", "own key");
    expect(deals.map(({ id }) => id)).toEqual([made?.id]);
    expect(await column(context, "deals", "own key", "app_id")).toEqual([key]);
    return deals[0]?.values["value"];
  };
  expect(await one()).toEqual([1]);
  await object.save({ value: 2 });
  expect(await one()).toEqual([2]);
  await client.upsert("own_deals", { ...deal, app_id: key, value: 3 });
  expect(await one()).toEqual([3]);
  expectTouched(await client.update("own_deals", key, { value: 4 }), 1);
  expect(await one()).toEqual([4]);
  expectTouched(await client.remove("own_deals", key), 1);
  await writing.push();
  expect(await inAttio(context, "objects/deals/records", "own key")).toEqual([]);
  expect(await column(context, "deals", "own key", "app_id")).toEqual([]);
}

async function editArrays(context: Context): Promise<void> {
  const { client, writing } = context;
  const id = await client.insert("companies", {
    name: "arrays",
    domains: ["arrays-company.com"],
    categories: ["B2B", "SaaS"],
  });
  await writing.push();
  const categories = async () => {
    await writing.push();
    const [company] = await inAttio(context, "objects/companies/records", "arrays");
    return company?.values["categories"]?.toSorted();
  };
  expect(await categories()).toEqual(["B2B", "SaaS"]);
  const company = await client.load("companies", await currentId(context, id));
  await company.save({ categories: [...(company.row["categories"] as string[]), "Health"] });
  expect(await categories()).toEqual(["B2B", "Health", "SaaS"]);
  await client.update("companies", await currentId(context, id), { categories: ["Health"] });
  expect(await categories()).toEqual(["Health"]);
}

async function clearValue(context: Context): Promise<void> {
  const { client, writing } = context;
  const deal = await newDeal(context, "cleared", { value: 9 });
  const id = await client.insert("deals", deal);
  await writing.push();
  const object = await client.load("deals", await currentId(context, id));
  await object.save({ value: null });
  await writing.push();
  const [cleared] = await inAttio(context, "objects/deals/records", "cleared");
  expect(cleared?.values).toMatchObject({ stage: ["Lead"], value: [] });
  expect(await column(context, "deals", "cleared", "value")).toEqual([null]);
}

async function removeRows(context: Context): Promise<void> {
  const { client, writing } = context;
  const id = await client.insert("deals", await newDeal(context, "removed"));
  await writing.push();
  expectTouched(await client.remove("deals", await currentId(context, id)), 1);
  const unseen = await client.insert("deals", await newDeal(context, "removed"));
  await client.remove("deals", unseen);
  await writing.push();
  expect(await inAttio(context, "objects/deals/records", "removed")).toEqual([]);
  expect(await column(context, "deals", "removed", "record_id")).toEqual([]);
}

async function transact(context: Context): Promise<void> {
  const { client, writing } = context;
  const mark = await lastChange(context);
  const write = async (end: () => void) =>
    client.transaction(async (session) => {
      const company = await session.insert("companies", { name: "whole", domains: ["whole-company.com"] });
      const parent = { parent_object: "companies", parent_record_id: company };
      await session.insert("people", {
        name: "Whole Person",
        email_addresses: ["person@whole-company.com"],
        company,
      });
      await session.insert("entries", { ...parent, remark: "whole" });
      await session.insert("notes", { ...parent, title: "whole", content_plaintext: "in one transaction" });
      await session.update("companies", company, { description: "described" });
      end();
    });
  const rollback = new Error("rolled back");
  await expect(
    write(() => {
      throw rollback;
    }),
  ).rejects.toThrow("rolled back");
  expect(await changesSince(context, mark)).toEqual([]);
  expect(await column(context, "companies", "whole", "record_id")).toEqual([]);

  await write(() => undefined);
  await writing.push();
  const [company, ...others] = await inAttio(context, "objects/companies/records", "whole");
  expect(others).toEqual([]);
  expect(company?.values).toMatchObject({ description: ["described"] });
  const [person] = await inAttio(context, "objects/people/records", "Whole Person");
  expect(person?.values["company"]).toEqual([company?.id]);
  const { store } = writing.mirror.sandbox;
  const entries = store.entries("sales").filter(({ parent }) => parent?.id === company?.id);
  expect(entries).toHaveLength(1);
  const notes = store.notes().filter(({ title }) => title === "whole");
  expect(notes.map(({ record }) => record.id)).toEqual([company?.id]);
}

async function bulk(context: Context): Promise<void> {
  const { client, writing } = context;
  const deal = await newDeal(context, "bulk", { value: 1 });
  const mark = await lastChange(context);
  await client.insertMany(
    "deals",
    Array.from({ length: BULK }, (_, index) => ({ ...deal, value: index })),
  );
  expectTouched(await client.updateMany("deals", { name: "bulk" }, { stage: "In Progress" }), BULK);
  await writing.push();
  const deals = await inAttio(context, "objects/deals/records", "bulk");
  expect(deals.map(({ values }) => values["stage"])).toEqual(deals.map(() => ["In Progress"]));
  const values = deals.map(({ values: { value } }) => Number(value?.[0]));
  expect(values.toSorted((a, b) => a - b)).toEqual(Array.from({ length: BULK }, (_, index) => index));
  expect(new Set(await column(context, "deals", "bulk", "record_id"))).toEqual(
    new Set(deals.map(({ id }) => id)),
  );
  expect((await changesSince(context, mark)).length).toBeGreaterThanOrEqual(BULK);

  const [first] = deals;
  const refused = await report(
    client.update("deals", first?.id ?? "", { web_url: "https://elsewhere.example" }),
  );
  expect(refused).toMatch(/web_url.*read-only/s);
}

/** Values of a new deal; Attio wants a stage and an owner. */
async function newDeal({ writing }: Context, name: string, more: Row = {}): Promise<Row> {
  const [member] = await writing.user<{ id: string }[]>`
    SELECT workspace_member_id AS id FROM attio.workspace_members ORDER BY 1 LIMIT 1`;
  return { name, stage: "Lead", owner: member?.id ?? "", ...more };
}

/** A column of the rows that have a name. */
async function column({ writing }: Context, table: string, name: string, of: string): Promise<unknown[]> {
  const { user } = writing;
  const rows = await user<{ cell: unknown }[]>`
    SELECT ${user(of)} AS cell FROM attio.${user(table)} WHERE name = ${name}`;
  return rows.map(({ cell }) => cell);
}

async function inAttio({ writing }: Context, place: string, name: string): Promise<AttioItem[]> {
  const items = await readItems(writing.mirror.sandbox, place);
  return items.filter(({ values }) => values["name"]?.[0] === name);
}

async function itemInAttio({ writing }: Context, place: string, id: string): Promise<AttioItem> {
  const item = (await readItems(writing.mirror.sandbox, place)).find((other) => other.id === id);
  if (item === undefined) throw new Error(`Attio has no ${place} ${id}`);
  return item;
}

async function currentId({ writing }: Context, id: string): Promise<string> {
  const [row] = await writing.user<{ id: string }[]>`SELECT attio.current_id(${id}) AS id`;
  return row?.id ?? "";
}

async function lastChange({ writing }: Context): Promise<number> {
  const [row] = await writing.user<{ id: number }[]>`
    SELECT coalesce(max(id), 0)::integer AS id FROM attio.changes`;
  return row?.id ?? 0;
}

async function changesSince({ writing }: Context, mark: number): Promise<object[]> {
  const rows = await writing.user`
    SELECT operation, changes FROM attio.changes WHERE id > ${mark} ORDER BY id`;
  return [...rows];
}

/** What a client said: rows that were touched, or its error. */
async function report(work: Promise<Touched>): Promise<Report> {
  try {
    return await work;
  } catch (error) {
    return error instanceof Error ? describe(error) : String(error);
  }
}

/** An error with those that it wraps, since some clients keep the database's own message there. */
function describe(error: Error): string {
  const { name, message, cause } = error;
  return [`${name}: ${message}`, ...(cause instanceof Error ? [describe(cause)] : [])].join("\n");
}

/** An error is known by a part of what it says. */
function expectedReports({ spent }: Client): Record<string, unknown> {
  return Object.fromEntries(
    (["save", "update", "remove"] as const).map((act) => {
      const expected = spent[act];
      return [act, typeof expected === "string" ? expect.stringContaining(expected) : expected];
    }),
  );
}

/** A client that does not say how many rows it touched can't be held to it. */
function expectTouched(said: Touched, expected: number): void {
  if (said !== undefined) expect(said).toBe(expected);
}
