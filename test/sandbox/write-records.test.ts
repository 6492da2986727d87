import { describe, expect, test } from "vitest";
import { look, looks, start, type Request } from "./support.ts";

const COMPANIES = "/v2/objects/companies/records";
const PEOPLE = "/v2/objects/people/records";
const data = (values: object): object => ({ data: { values } });

async function startEmpty() {
  return start({ seed: "empty", quirks: { autoCompany: false } });
}

async function create(request: Request, path: string, values: object): Promise<string> {
  const answer = await request("POST", path, data(values));
  expect(answer.body).toMatchObject({ data: {} });
  return String(look(answer, "data.id.record_id"));
}

describe("create", () => {
  test("a record is created by the token's actor and given back whole", async () => {
    const { sandbox, request } = await startEmpty();
    const answer = await request(
      "POST",
      PEOPLE,
      data({ name: "Lovelace, Ada", email_addresses: ["Ada@Example.com"] }),
    );
    expect(answer.status).toBe(200);
    expect(look(answer, "data.values.name.0")).toMatchObject({
      first_name: "Ada",
      last_name: "Lovelace",
      full_name: "Ada Lovelace",
      created_by_actor: { type: "api-token", id: sandbox.access.id },
    });
    expect(look(answer, "data.values.email_addresses.0")).toMatchObject({
      original_email_address: "Ada@Example.com",
      email_address: "ada@example.com",
      email_domain: "example.com",
    });
  });

  test("a person's email address finds or makes the company of its domain", async () => {
    const { request } = await start();
    const first = await request("POST", PEOPLE, data({ email_addresses: ["a@acme.com"] }));
    const second = await request("POST", PEOPLE, data({ email_addresses: ["b@acme.com", "b@gmail.com"] }));
    const company = look(first, "data.values.company.0.target_record_id");
    expect(company).toBeTypeOf("string");
    expect(look(second, "data.values.company.0.target_record_id")).toBe(company);
  });

  test.each([
    ["no data", {}, "validation_type"],
    ["a wrong type", data({ foundation_date: "not a date" }), "validation_type"],
    ["a bare value for a multi-select", data({ domains: "acme.com" }), "validation_type"],
    ["an unknown option", data({ categories: ["Nope"] }), "value_not_found"],
    ["an unknown attribute", data({ nope: "x" }), "value_not_found"],
    ["a read-only attribute", data({ logo_url: "https://x.com/x.png" }), "validation_type"],
    ["an incomplete location", data({ primary_location: { locality: "Kyiv" } }), "validation_type"],
    ["null for a currency", data({ funding_raised_usd: null }), "validation_type"],
    ["a taken domain", data({ domains: ["taken.com"] }), "uniqueness_conflict"],
    [
      "an unknown reference",
      data({ team: [{ target_object: "people", target_record_id: "00000000-0000-4000-8000-000000000000" }] }),
      "value_not_found",
    ],
    [
      "a reference that is no UUID",
      data({ team: [{ target_object: "people", target_record_id: "x" }] }),
      "validation_type",
    ],
  ])("%s is refused and nothing is created", async (_name, body, code) => {
    const { sandbox, request } = await startEmpty();
    sandbox.store.createRecord("companies", { domains: ["taken.com"] });
    const answer = await request("POST", COMPANIES, body);
    expect(answer).toMatchObject({ status: 400, body: { type: "invalid_request_error", code } });
    expect(sandbox.store.records("companies")).toHaveLength(1);
  });

  test("a bad value names its place as Attio does", async () => {
    const { request } = await startEmpty();
    const answer = await request("POST", PEOPLE, data({ name: { full_name: "Ada" } }));
    expect(answer.body).toMatchObject({
      code: "validation_type",
      message: 'An invalid value was passed to attribute with slug "name".',
      validation_errors: [{ path: ["first_name"], message: "Required" }],
    });
  });

  test("required attributes must be given, defaults are filled in", async () => {
    const { sandbox, request } = await start({});
    const missing = await request("POST", "/v2/objects/deals/records", data({ name: "D" }));
    const stage = sandbox.store.attribute("deals", "stage").id;
    expect(missing.body).toMatchObject({
      code: "missing_value",
      message: `Required value for attribute with ID "${stage}" was not provided.`,
    });
    const made = await request("POST", "/v2/objects/deals/records", data({ name: "D", stage: "Lead" }));
    expect(look(made, "data.values.owner.0.referenced_actor_id")).toBe(sandbox.store.members()[0]?.id);
  });
});

describe("update", () => {
  test("PATCH puts new values of a multi-select in front, PUT replaces them, both leave the rest", async () => {
    const { request } = await startEmpty();
    const id = await create(request, COMPANIES, { name: "Acme", domains: ["a.com"] });
    const path = `${COMPANIES}/${id}`;
    const patched = await request("PATCH", path, data({ domains: ["b.com", "a.com"] }));
    expect(look(patched, "data.values.domains.*.domain")).toEqual(["b.com", "a.com"]);
    const put = await request("PUT", path, data({ domains: ["c.com"] }));
    expect(look(put, "data.values.domains.*.domain")).toEqual(["c.com"]);
    expect(look(put, "data.values.name.0.value")).toBe("Acme");
    const cleared = await request("PUT", path, data({ domains: [], name: "" }));
    expect([look(cleared, "data.values.domains"), look(cleared, "data.values.name")]).toEqual([[], []]);
  });

  test("writing one side of a relationship writes the other", async () => {
    const { request } = await startEmpty();
    const company = await create(request, COMPANIES, { domains: ["a.com"] });
    const person = await create(request, PEOPLE, { company: "a.com" });
    const answer = await request("GET", `${COMPANIES}/${company}`);
    expect(look(answer, "data.values.team.0.target_record_id")).toBe(person);
  });

  test("a required attribute cannot be cleared", async () => {
    const { sandbox, request } = await start({});
    const deal = sandbox.store.records("deals")[0]?.id ?? "";
    const answer = await request("PUT", `/v2/objects/deals/records/${deal}`, data({ name: [] }));
    expect(answer).toMatchObject({ status: 400, body: { code: "missing_value" } });
  });

  test("a second DELETE answers 404, a malformed id 400", async () => {
    const { request } = await startEmpty();
    const id = await create(request, COMPANIES, { name: "Acme" });
    expect(await request("DELETE", `${COMPANIES}/${id}`)).toMatchObject({ status: 200, body: {} });
    expect(await request("DELETE", `${COMPANIES}/${id}`)).toMatchObject({
      status: 404,
      body: { code: "not_found" },
    });
    expect((await request("PATCH", `${COMPANIES}/no-uuid`, data({}))).status).toBe(400);
  });
});

describe("assert", () => {
  test("creates, then updates: the matching attribute gains values, other multi-selects are overwritten", async () => {
    const { sandbox, request } = await startEmpty();
    const path = `${COMPANIES}?matching_attribute=domains`;
    const first = await request("PUT", path, data({ domains: ["a.com"], categories: ["B2B", "SaaS"] }));
    const second = await request("PUT", path, data({ domains: ["a.com", "b.com"], categories: ["B2C"] }));
    expect(look(second, "data.id")).toEqual(look(first, "data.id"));
    expect(looks(second, "data.values.domains.*.domain").sort()).toEqual(["a.com", "b.com"]);
    expect(look(second, "data.values.categories.*.option.title")).toEqual(["B2C"]);
    expect(sandbox.store.records("companies")).toHaveLength(1);
  });

  test.each<[string, string, object, string, boolean?]>([
    ["no matching attribute", "", { domains: ["a.com"] }, "validation_type"],
    ["an unknown one", "?matching_attribute=nope", { domains: ["a.com"] }, "value_not_found"],
    ["one that isn't unique", "?matching_attribute=name", { name: "x" }, "validation_type"],
    ["its name in the body", "?matching_attribute=domains", { domains: ["a.com"] }, "validation_type", true],
    ["an empty list for it", "?matching_attribute=domains", { domains: [] }, "missing_value"],
    ["no value for it", "?matching_attribute=domains", { name: "x" }, "missing_value"],
    [
      "values of two records",
      "?matching_attribute=domains",
      { domains: ["a.com", "b.com"] },
      "multiple_match_results",
    ],
  ])("with %s is refused", async (_name, query, values, code, hasMore = false) => {
    const { sandbox, request } = await startEmpty();
    for (const domain of ["a.com", "b.com"]) sandbox.store.createRecord("companies", { domains: [domain] });
    const body = { data: { values, ...(hasMore && { matching_attribute: "domains" }) } };
    expect(await request("PUT", COMPANIES + query, body)).toMatchObject({
      status: 400,
      body: { code },
    });
  });
});

describe("merge", () => {
  test("answers with the new record, then 404 for the originals", async () => {
    const { request } = await startEmpty();
    const [one, two] = [
      await create(request, COMPANIES, { name: "One" }),
      await create(request, COMPANIES, { name: "Two" }),
    ];
    const body = { data: { primary_record_id: one, secondary_record_id: two } };
    const answer = await request("POST", `${COMPANIES}/merge`, body);
    expect(answer.status).toBe(200);
    const id = String(look(answer, "data.new_record_id"));
    expect(look(await request("GET", `${COMPANIES}/${id}`), "data.values.name.0.value")).toBe("One");
    expect((await request("GET", `${COMPANIES}/${one}`)).status).toBe(404);
    expect(await request("POST", `${COMPANIES}/merge`, body)).toMatchObject({ status: 404 });
    const same = { data: { primary_record_id: id, secondary_record_id: id } };
    expect((await request("POST", `${COMPANIES}/merge`, same)).body).toMatchObject({ code: "self_merge" });
  });

  test("a slow merge answers 202 and takes neither reads nor writes until it is done", async () => {
    const { sandbox, request } = await start({ seed: "empty", quirks: { slowMerges: true } });
    const [one, two] = [
      await create(request, COMPANIES, { name: "1" }),
      await create(request, COMPANIES, { name: "2" }),
    ];
    const answer = await request("POST", `${COMPANIES}/merge`, {
      data: { primary_record_id: one, secondary_record_id: two },
    });
    const path = `${COMPANIES}/${String(look(answer, "data.new_record_id"))}`;
    expect(answer.status).toBe(202);
    expect(await request("GET", path)).toMatchObject({ status: 404, body: { code: "merge_in_progress" } });
    const write = await request("PATCH", path, data({ name: "x" }));
    expect(write).toMatchObject({ status: 400, body: { code: "merge_in_progress" } });
    sandbox.store.finishMerge(String(look(answer, "data.new_record_id")));
    expect((await request("GET", path)).status).toBe(200);
  });
});

test("a lost answer leaves the record behind", async () => {
  const { sandbox, request } = await startEmpty();
  sandbox.faults.add({ kind: "lost", method: "POST", times: 1 });
  await expect(request("POST", COMPANIES, data({ name: "Acme" }))).rejects.toThrow();
  expect(sandbox.store.records("companies")).toHaveLength(1);
});

test("history can be rewritten without an event", async () => {
  const { sandbox, request } = await start({});
  const project = sandbox.store.createRecord("projects", { name: "P", key: "k" });
  const events: string[] = [];
  sandbox.store.onEvent((event) => events.push(event.event_type));
  const path = `/v2/objects/projects/records/${project.id}/attributes/name/values`;
  const values = [
    { value: "Old", active_from: "2020-01-01T00:00:00Z", active_until: "2021-01-01T00:00:00Z" },
    { value: "New", active_from: "2021-01-01T00:00:00Z", active_until: null },
  ];
  const answer = await request("PUT", path, { data: { replace_history: true, values } });
  expect(look(answer, "data.*.value")).toEqual(["Old", "New"]);
  expect(look(await request("GET", `${path}?show_historic=true`), "data.*.value")).toEqual(["Old", "New"]);
  expect(events).toEqual([]);
});
