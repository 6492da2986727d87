import { describe, expect, test } from "vitest";
import {
  createStore,
  DEFAULT_SEED,
  seedLarge,
  seedStore,
  type SandboxEvent,
} from "../../src/sandbox/index.ts";
import { look, looks, start } from "./support.ts";

function emptyStore() {
  const store = createStore();
  seedStore(store, "empty");
  return store;
}

describe("relationships", () => {
  test("writing one side writes the other and leaves whoever was there before", () => {
    const store = emptyStore();
    const [acme, beta] = ["Acme", "Beta"].map((name) => store.createRecord("companies", { name }));
    const person = store.createRecord("people", { company: acme });
    const team = (company: typeof acme) =>
      company === undefined
        ? []
        : store.values(company, "team").active.map(({ fields }) => fields["target_record_id"]);
    expect(team(acme)).toEqual([person.id]);
    store.updateRecord("companies", beta?.id ?? "", { team: [person] });
    expect(team(acme)).toEqual([]);
    expect(store.values(person, "company").active[0]?.fields["target_record_id"]).toBe(beta?.id);
  });

  test("a deleted record leaves every reference to it, its entries and notes go", () => {
    const store = emptyStore();
    store.createList({ slug: "sales", name: "Sales", parentObject: "companies" });
    const acme = store.createRecord("companies", { name: "Acme" });
    const person = store.createRecord("people", { company: acme });
    store.createEntry("sales", acme);
    store.createNote({ record: acme, title: "T", content: "C" });
    store.deleteRecord("companies", acme.id);
    expect(store.values(person, "company").active).toEqual([]);
    expect(store.values(person, "company").past).toHaveLength(1);
    expect([store.entries("sales").length, store.notes().length]).toEqual([0, 0]);
  });
});

test("a merge makes a third record, to which references, entries and notes move", async () => {
  const { sandbox, request } = await start();
  const { store } = sandbox;
  store.createList({ slug: "sales", name: "Sales", parentObject: "companies" });
  const one = store.createRecord("companies", { name: "One", domains: ["one.com"] });
  const two = store.createRecord("companies", { name: "Two", domains: ["two.com"], description: "second" });
  const people = [one, two].map((company) => store.createRecord("people", { company }));
  store.createEntry("sales", two);
  store.createNote({ record: one, title: "T", content: "C" });
  const events: SandboxEvent[] = [];
  store.onEvent((event) => events.push(event));
  const merged = store.mergeRecords("companies", one.id, two.id, { inProgress: true });
  const path = `/v2/objects/companies/records/${merged.id}`;
  expect(await request("GET", path)).toMatchObject({ status: 404, body: { code: "merge_in_progress" } });
  store.finishMerge(merged.id);
  const answer = await request("GET", path);
  expect(look(answer, "data.values.name.0.value")).toBe("One");
  expect(look(answer, "data.values.description.0.value")).toBe("second");
  expect(look(answer, "data.values.domains.*.domain")).toEqual(["one.com", "two.com"]);
  expect(looks(answer, "data.values.team.*.target_record_id").sort()).toEqual(
    people.map((person) => person.id).sort(),
  );
  expect(
    people.map((person) => store.values(person, "company").active[0]?.fields["target_record_id"]),
  ).toEqual([merged.id, merged.id]);
  expect(store.entries("sales")[0]?.parent).toBe(merged);
  expect(store.notes()[0]?.record).toBe(merged);
  expect(look(await request("GET", `/v2/objects/companies/records/${one.id}`), "code")).toBe("not_found");
  const mergedEvents = events.filter((event) => event.event_type === "record.merged");
  expect(mergedEvents.map((event) => event["duplicate_record_id"])).toEqual([one.id, two.id]);
});

test("an unchanged value keeps its interval and emits nothing, a changed one emits one event per attribute", () => {
  const store = emptyStore();
  const acme = store.createRecord(
    "companies",
    { name: "Acme", description: "x" },
    { at: "2024-01-01T00:00:00Z" },
  );
  const events: SandboxEvent[] = [];
  store.onEvent((event) => events.push(event));
  store.updateRecord(
    "companies",
    acme.id,
    { name: "Acme", description: "y" },
    { at: "2024-01-02T00:00:00Z" },
  );
  expect(events.map((event) => [event.event_type, event.id["attribute_id"]])).toEqual([
    ["record.updated", store.attribute("companies", "description").id],
  ]);
  expect(store.values(acme, "name").active[0]?.from).toBe("2024-01-01T00:00:00.000000000Z");
});

test("equal seeds give equal workspaces, other seeds other ones", () => {
  const dump = (seed: number): string => {
    const store = createStore({ seed });
    seedStore(store, { ...DEFAULT_SEED, seed });
    const items = [...store.state.items.values()].map((item) => [
      item.id,
      item.createdAt,
      [...item.slots.values()],
    ]);
    return JSON.stringify([
      items,
      store.tasks().map((task) => task.content),
      store.meetings().map((one) => one.id),
    ]);
  };
  expect(dump(1)).toBe(dump(1));
  expect(dump(2)).not.toBe(dump(1));
});

test("the seed has many people in one millisecond where it is asked to", () => {
  const store = createStore();
  seedStore(store, { people: 700, companies: 1, deals: 1, seed: 3, sameMillisecond: 600 });
  const times = store.records("people").map((one) => one.createdAt);
  expect(times.filter((time) => time === "2024-03-05T10:15:30.123000000Z")).toHaveLength(600);
});

test("the benchmark seed has the size that is asked for", async () => {
  const { sandbox, request } = await start();
  seedLarge(sandbox.store, { records: 50, bytesPerRecord: 10_000, seed: 1 });
  const answer = await request("POST", "/v2/objects/bench/records/query", {});
  expect(look(answer, "data")).toHaveLength(50);
  expect(JSON.stringify(answer.body).length).toBeGreaterThan(400_000);
  expect(Object.keys(look(answer, "data.0.values") as object)).toHaveLength(28);
});
