import { beforeEach, expect, test } from "vitest";
import type { Sandbox, SandboxEvent } from "../../src/sandbox/index.ts";
import { look, start, type Request } from "./support.ts";

const COMPANIES = "/v2/objects/companies/records";
const PEOPLE = "/v2/objects/people/records";

let sandbox: Sandbox;
let request: Request;

beforeEach(async () => {
  ({ sandbox, request } = await start({ seed: "empty", quirks: { autoCompany: false } }));
});

async function create(path: string, name: string): Promise<string> {
  return String(look(await request("POST", path, { data: { values: { name } } }), "data.id.record_id"));
}

const person = (id: string): object => ({ target_object: "people", target_record_id: id });
const company = (id: string): object => ({ target_object: "companies", target_record_id: id });

async function refers(path: string, id: string, slug: string): Promise<unknown> {
  return look(await request("GET", `${path}/${id}`), `data.values.${slug}.*.target_record_id`);
}

test("a person moves from one team to another: three records change, each with an event of the token", async () => {
  const [old, next] = [await create(COMPANIES, "Old"), await create(COMPANIES, "Next")];
  const ada = await create(PEOPLE, "Ada");
  await request("PATCH", `${PEOPLE}/${ada}`, { data: { values: { company: [company(old)] } } });
  expect(await refers(COMPANIES, old, "team")).toEqual([ada]);
  const events: SandboxEvent[] = [];
  sandbox.store.onEvent((event) => events.push(event));
  await request("PATCH", `${COMPANIES}/${next}`, { data: { values: { team: [person(ada)] } } });
  expect(await refers(COMPANIES, old, "team")).toEqual([]);
  expect(await refers(COMPANIES, next, "team")).toEqual([ada]);
  expect(await refers(PEOPLE, ada, "company")).toEqual([next]);
  const team = sandbox.store.attribute("companies", "team").id;
  const companyId = sandbox.store.attribute("people", "company").id;
  const seen = events.map(({ event_type, id }) => [event_type, id["record_id"], id["attribute_id"]]);
  expect(new Set(seen.map(String))).toEqual(
    new Set([
      `record.updated,${next},${team}`,
      `record.updated,${ada},${companyId}`,
      `record.updated,${old},${team}`,
    ]),
  );
  expect(events.every(({ actor }) => actor.id === sandbox.access.id)).toBe(true);
});

test("PATCH puts a team's newcomers in front, PUT lets the others go, on both sides", async () => {
  const acme = await create(COMPANIES, "Acme");
  const [ada, bob, eve] = [
    await create(PEOPLE, "Ada"),
    await create(PEOPLE, "Bob"),
    await create(PEOPLE, "Eve"),
  ];
  const path = `${COMPANIES}/${acme}`;
  await request("PUT", path, { data: { values: { team: [person(ada)] } } });
  await request("PATCH", path, { data: { values: { team: [person(bob), person(eve)] } } });
  expect(await refers(COMPANIES, acme, "team")).toEqual([bob, eve, ada]);
  await request("PUT", path, { data: { values: { team: [person(ada)] } } });
  expect(await refers(PEOPLE, ada, "company")).toEqual([acme]);
  expect([await refers(PEOPLE, bob, "company"), await refers(PEOPLE, eve, "company")]).toEqual([[], []]);
  await request("PUT", path, { data: { values: { team: [] } } });
  expect(await refers(PEOPLE, ada, "company")).toEqual([]);
});

test("clearing the single side takes the record off the other, deleting it too", async () => {
  const acme = await create(COMPANIES, "Acme");
  const [ada, bob] = [await create(PEOPLE, "Ada"), await create(PEOPLE, "Bob")];
  await request("PUT", `${COMPANIES}/${acme}`, { data: { values: { team: [person(ada), person(bob)] } } });
  await request("PATCH", `${PEOPLE}/${ada}`, { data: { values: { company: [] } } });
  expect(await refers(COMPANIES, acme, "team")).toEqual([bob]);
  await request("DELETE", `${PEOPLE}/${bob}`);
  expect(await refers(COMPANIES, acme, "team")).toEqual([]);
});

test("while a merge is in progress nothing that it touches is written", async () => {
  sandbox.store.quirks.slowMerges = true;
  const { store } = sandbox;
  store.createList({ slug: "sales", name: "Sales", parentObject: "companies" });
  const [one, two] = [await create(COMPANIES, "1"), await create(COMPANIES, "2")];
  await request("PUT", `${COMPANIES}/${one}`, { data: { values: { domains: ["a.com"] } } });
  const body = { data: { primary_record_id: one, secondary_record_id: two } };
  const merged = String(look(await request("POST", `${COMPANIES}/merge`, body), "data.new_record_id"));
  const ada = await create(PEOPLE, "Ada");
  const refused = { status: 400, body: { type: "invalid_request_error", code: "merge_in_progress" } };
  const rename = { data: { values: { name: "x" } } };
  for (const id of [one, two, merged]) {
    expect(await request("PATCH", `${COMPANIES}/${id}`, rename)).toMatchObject(refused);
    expect(await request("PUT", `${COMPANIES}/${id}`, rename)).toMatchObject(refused);
    const reference = { data: { values: { company: [company(id)] } } };
    expect(await request("PATCH", `${PEOPLE}/${ada}`, reference)).toMatchObject(refused);
    const entry = { data: { parent_object: "companies", parent_record_id: id, entry_values: {} } };
    expect(await request("PUT", "/v2/lists/sales/entries", entry)).toMatchObject(refused);
  }
  const assert = { data: { values: { domains: ["a.com"], name: "x" } } };
  expect(await request("PUT", `${COMPANIES}?matching_attribute=domains`, assert)).toMatchObject(refused);
  store.finishMerge(merged);
  const done = await request("PUT", `${COMPANIES}?matching_attribute=domains`, assert);
  expect(look(done, "data.id.record_id")).toBe(merged);
  expect(await request("PATCH", `${COMPANIES}/${one}`, rename)).toMatchObject({
    status: 404,
    body: { code: "not_found" },
  });
});
