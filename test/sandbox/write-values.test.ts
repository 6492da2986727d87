import { beforeEach, describe, expect, test } from "vitest";
import type { AttributeInput, Sandbox } from "../../src/sandbox/index.ts";
import { look, looks, start, type Request } from "./support.ts";

const THINGS = "/v2/objects/things/records";
const NOBODY = "00000000-0000-4000-8000-000000000000";
const PLACE = {
  line_1: "1 High Street",
  line_2: null,
  line_3: null,
  line_4: null,
  locality: "London",
  region: null,
  postcode: "N1",
  country_code: "GB",
  latitude: "51.5073509999",
  longitude: "-0.127",
};
const ATTRIBUTES: AttributeInput[] = [
  { slug: "key", type: "text", isUnique: true },
  { slug: "text", type: "text" },
  { slug: "number", type: "number" },
  { slug: "checkbox", type: "checkbox" },
  { slug: "currency", type: "currency", currency: { code: "EUR" } },
  { slug: "date", type: "date" },
  { slug: "timestamp", type: "timestamp" },
  { slug: "rating", type: "rating" },
  { slug: "select", type: "select", choices: ["A", "B"] },
  { slug: "selects", type: "select", choices: ["A", "B", "C"], isMultiselect: true },
  { slug: "status", type: "status", choices: ["Open", "Done"] },
  { slug: "person", type: "record-reference", allowedObjects: ["people"] },
  { slug: "company", type: "record-reference", allowedObjects: ["companies"] },
  { slug: "user", type: "record-reference", allowedObjects: ["users"] },
  { slug: "either", type: "record-reference", allowedObjects: ["people", "companies"] },
  { slug: "people", type: "record-reference", allowedObjects: ["people"], isMultiselect: true },
  { slug: "actor", type: "actor-reference" },
  { slug: "actors", type: "actor-reference", isMultiselect: true },
  { slug: "location", type: "location" },
  { slug: "domain", type: "domain" },
  { slug: "domains", type: "domain", isMultiselect: true },
  { slug: "email", type: "email-address" },
  { slug: "emails", type: "email-address", isMultiselect: true },
  { slug: "phone", type: "phone-number" },
  { slug: "phones", type: "phone-number", isMultiselect: true },
];

let sandbox: Sandbox;
let request: Request;
/** Ids that a case can't know beforehand, by the name that stands for them. */
let ids: Record<string, string>;

beforeEach(async () => {
  ({ sandbox, request } = await start());
  const { store } = sandbox;
  store.setObjectEnabled("users", true);
  store.createObject({ slug: "things", singular: "Thing", plural: "Things" });
  for (const input of ATTRIBUTES) store.createAttribute("things", input);
  const ada = store.createRecord("people", { email_addresses: ["ada@acme.com"] });
  const acme = store.createRecord("companies", { domains: ["acme.com"] });
  const user = store.createRecord("users", { user_id: "U-1", primary_email_address: "ada@acme.com" });
  const member = store.members()[1];
  ids = {
    ADA: ada.id,
    ACME: acme.id,
    USER: user.id,
    MEMBER: member?.id ?? "",
    MAIL: member?.emailAddress ?? "",
    LOUD_MAIL: member?.emailAddress.toUpperCase() ?? "",
    A: store.choice("things", "select", "A").id,
    OPEN: store.choice("things", "status", "Open").id,
    EMAILS: store.attribute("people", "email_addresses").id,
  };
});

/** The case with the names replaced by ids. */
function fill(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll(/\$([A-Z_]+)\$/g, (_, name: string) => ids[name] ?? ""));
}

async function write(slug: string, value: unknown) {
  return request("POST", THINGS, { data: { values: { [slug]: fill(value) } } });
}

describe("what each type takes, and what is read back", () => {
  const ada = { target_object: "people", target_record_id: "$ADA$" };
  const member = { referenced_actor_type: "workspace-member", referenced_actor_id: "$MEMBER$" };
  const phone = { phone_number: "+447234172834", country_code: "GB" };
  const jan = { value: "2023-01-01" };
  test.each<[string, unknown, object | object[]]>([
    ["text", "s", { value: "s", attribute_type: "text" }],
    ["text", { value: "s" }, { value: "s" }],
    ["text", ["s"], { value: "s" }],
    ["number", 3.14, { value: 3.14 }],
    ["number", "3.14", { value: 3.14 }],
    ["number", { value: -1 }, { value: -1 }],
    ["checkbox", false, { value: false }],
    ["checkbox", "true", { value: true }],
    ["checkbox", [{ value: true }], { value: true }],
    ["currency", 4.99, { currency_value: 4.99, currency_code: "EUR" }],
    ["currency", "4.99", { currency_value: 4.99 }],
    ["currency", [{ currency_value: 0 }], { currency_value: 0 }],
    ["date", "2023", jan],
    ["date", { value: "2023-01" }, jan],
    ["date", "2023-01-01T13:00", jan],
    ["date", "2023-01-02T23:00:00-10:00", { value: "2023-01-03" }],
    ["timestamp", "2023-01-01", { value: "2023-01-01T00:00:00.000000000Z" }],
    ["timestamp", "2023-01-01T15:00:00+02:00", { value: "2023-01-01T13:00:00.000000000Z" }],
    ["timestamp", { value: "2023-01-01T15:00:00.123456789Z" }, { value: "2023-01-01T15:00:00.123456789Z" }],
    ["rating", 0, { value: 0 }],
    ["rating", { value: 5 }, { value: 5 }],
    ["select", "A", { option: { title: "A" } }],
    ["select", ["A"], { option: { title: "A" } }],
    ["select", { option: "$A$" }, { option: { title: "A" } }],
    ["selects", ["A", { option: "B" }], [{ option: { title: "A" } }, { option: { title: "B" } }]],
    ["status", "Open", { status: { title: "Open" } }],
    ["status", { status: "$OPEN$" }, { status: { title: "Open" } }],
    ["person", ada, ada],
    ["person", "Ada@ACME.com", ada],
    ["person", { target_object: "people", email_addresses: [{ email_address: "ADA@acme.com" }] }, ada],
    ["person", { target_object: "people", email_addresses: ["ada@acme.com"] }, ada],
    ["person", { target_object: "people", $EMAILS$: [{ email_address: "ada@acme.com" }] }, ada],
    ["company", "https://acme.com/about?x=1", { target_object: "companies", target_record_id: "$ACME$" }],
    ["user", "U-1", { target_object: "users", target_record_id: "$USER$" }],
    [
      "either",
      { target_object: "companies", domains: [{ domain: "acme.com" }] },
      { target_record_id: "$ACME$" },
    ],
    ["people", [ada], [ada]],
    ["actor", "$MAIL$", member],
    ["actor", "$LOUD_MAIL$", member],
    ["actor", { workspace_member_email_address: "$MAIL$" }, member],
    ["actors", [member], [member]],
    ["location", PLACE, { ...PLACE, latitude: "51.507350999" }],
    ["location", "1 High Street, London", { line_1: "1 High Street", locality: "London", postcode: null }],
    ["domain", "HTTPS://App.Acme.co.uk:443/x", { domain: "app.acme.co.uk", root_domain: "acme.co.uk" }],
    ["domains", [{ domain: "a.com" }, "b.com", "B.com"], [{ domain: "a.com" }, { domain: "b.com" }]],
    [
      "email",
      "Ada@Mail.Acme.com",
      {
        original_email_address: "Ada@Mail.Acme.com",
        email_address: "ada@mail.acme.com",
        email_domain: "mail.acme.com",
        email_root_domain: "acme.com",
        email_local_specifier: "ada",
      },
    ],
    ["emails", [{ email_address: "a@b.com" }, "A@B.com"], [{ email_address: "a@b.com" }]],
    ["phone", "+44 7234 172834", { ...phone, original_phone_number: "+44 7234 172834" }],
    ["phones", [{ original_phone_number: "07234172834", country_code: "GB" }], [phone]],
    ["phones", ["+447234172834", "+44 7234-172834"], [phone]],
  ])("%s: %j", async (slug, value, expected) => {
    const answer = await write(slug, value);
    const wanted = Array.isArray(expected) ? expected : [expected];
    expect(answer).toMatchObject({ status: 200, body: { data: { values: { [slug]: fill(wanted) } } } });
    expect(looks(answer, `data.values.${slug}`)).toHaveLength(wanted.length);
    expect(look(answer, `data.values.${slug}.0`)).toMatchObject({
      active_until: null,
      created_by_actor: { type: "api-token", id: sandbox.access.id },
    });
  });
});

describe("what each type refuses", () => {
  const ada = { target_object: "people", target_record_id: "$ADA$" };
  test.each<[string, unknown, string]>([
    ["text", 1, "validation_type"],
    ["text", { value: "s", attribute_type: "text" }, "validation_type"],
    ["text", ["a", "b"], "validation_type"],
    ["number", "many", "validation_type"],
    ["checkbox", "yes", "validation_type"],
    ["checkbox", null, "validation_type"],
    ["currency", null, "validation_type"],
    ["currency", { currency_value: 1, currency_code: "USD" }, "validation_type"],
    ["date", "01/02/2023", "validation_type"],
    ["date", "2023-02-30", "validation_type"],
    ["timestamp", 1_700_000_000, "validation_type"],
    ["rating", 6, "validation_type"],
    ["rating", 1.5, "validation_type"],
    ["select", "C", "value_not_found"],
    ["select", "", "validation_type"],
    ["select", { option_id: "$A$" }, "validation_type"],
    ["selects", "A", "validation_type"],
    ["selects", null, "validation_type"],
    ["selects", ["A", "D"], "value_not_found"],
    ["status", "open", "value_not_found"],
    ["status", { status_id: "$OPEN$" }, "validation_type"],
    ["person", null, "validation_type"],
    ["person", "nobody@acme.com", "value_not_found"],
    ["person", "no address", "validation_type"],
    ["person", { target_record_id: "$ADA$" }, "validation_type"],
    ["person", { target_object: "companies", target_record_id: "$ACME$" }, "validation_type"],
    ["person", { ...ada, attribute_type: "record-reference" }, "validation_type"],
    ["person", { target_object: "people", target_record_id: NOBODY }, "value_not_found"],
    ["person", { target_object: "nothings", target_record_id: NOBODY }, "value_not_found"],
    ["person", { target_object: "people", job_title: ["CEO"] }, "validation_type"],
    [
      "person",
      { target_object: "people", email_addresses: ["ada@acme.com", "b@acme.com"] },
      "validation_type",
    ],
    ["either", "ada@acme.com", "validation_type"],
    ["actor", "nobody@acme.com", "value_not_found"],
    ["actor", { referenced_actor_type: "workspace-member", referenced_actor_id: NOBODY }, "value_not_found"],
    ["actor", { referenced_actor_type: "system", referenced_actor_id: null }, "validation_type"],
    ["location", { ...PLACE, line_4: undefined }, "validation_type"],
    ["location", { ...PLACE, country_code: "Germany" }, "validation_type"],
    ["location", { ...PLACE, latitude: "91" }, "validation_type"],
    ["location", { ...PLACE, latitude: 51.5 }, "validation_type"],
    ["location", { ...PLACE, active_from: "2023-01-01" }, "validation_type"],
    ["domain", "not a domain", "validation_type"],
    ["email", "ada", "validation_type"],
    ["email", "ada@acme.test", "validation_type"],
    ["phone", "+1 202 555 0100", "validation_type"],
    ["phone", "07234172834", "validation_type"],
    ["phone", "+44 call me", "validation_type"],
    ["phone", { original_phone_number: "07234172834", country_code: "UK!" }, "validation_type"],
    ["phone", { phone_number: "+447234172834" }, "validation_type"],
    ["record_id", NOBODY, "validation_type"],
    ["created_at", "2023-01-01", "validation_type"],
  ])("%s: %j is %s", async (slug, value, code) => {
    const answer = await write(slug, value);
    expect(answer).toMatchObject({
      status: 400,
      body: { status_code: 400, type: "invalid_request_error", code },
    });
    expect(look(answer, "message")).toBeTypeOf("string");
    expect(sandbox.store.records("things")).toEqual([]);
  });
});

test("[] clears every type, null and the empty string those that allow them", async () => {
  const values = {
    text: "s",
    number: 1,
    checkbox: true,
    currency: 1,
    date: "2023",
    timestamp: "2023",
    rating: 1,
    select: "A",
    selects: ["A"],
    status: "Open",
    person: "ada@acme.com",
    people: [{ target_object: "people", target_record_id: ids["ADA"] }],
    actor: ids["MAIL"],
    location: PLACE,
    domains: ["a.com"],
    emails: ["a@b.com"],
    phones: ["+447234172834"],
  };
  const made = await request("POST", THINGS, { data: { values } });
  const path = `${THINGS}/${String(look(made, "data.id.record_id"))}`;
  for (const slug of Object.keys(values)) {
    expect(looks(made, `data.values.${slug}`)).toHaveLength(1);
    const cleared = await request("PUT", path, { data: { values: { [slug]: [] } } });
    expect(look(cleared, `data.values.${slug}`)).toEqual([]);
  }
  await request("PUT", path, { data: { values: { text: "s", number: 1 } } });
  const nulls = await request("PATCH", path, { data: { values: { text: "", number: null } } });
  expect([look(nulls, "data.values.text"), look(nulls, "data.values.number")]).toEqual([[], []]);
});

test("a person's name is three parts, or 'Last, First'", async () => {
  const names = async (name: unknown): Promise<unknown> => {
    const answer = await request("POST", "/v2/objects/people/records", { data: { values: { name } } });
    return look(answer, "data.values.name.0") ?? look(answer, "code") ?? "none";
  };
  const ada = { first_name: "Ada", last_name: "Lovelace", full_name: "Ada Lovelace" };
  expect(await names(ada)).toMatchObject(ada);
  expect(await names([ada])).toMatchObject(ada);
  expect(await names("Lovelace, Ada")).toMatchObject(ada);
  expect(await names("Ada Lovelace")).toMatchObject({ first_name: "Ada Lovelace", last_name: "" });
  expect(await names({ first_name: "Ada", last_name: "Lovelace" })).toBe("validation_type");
  expect(await names("")).toBe("none");
});

test("an option's bare id inside an array is taken and lost, unless the quirk is off", async () => {
  const lost = await write("select", ["$A$"]);
  expect(lost.status).toBe(200);
  expect(look(lost, "data.values.select")).toEqual([]);
  sandbox.store.quirks.optionIdsInArraysIgnored = false;
  expect(look(await write("select", ["$A$"]), "data.values.select.0.option.title")).toBe("A");
});

test("a value written in another spelling is the value that is there", async () => {
  const made = await write("emails", ["ada@acme.com"]);
  const path = `${THINGS}/${String(look(made, "data.id.record_id"))}`;
  const events: string[] = [];
  sandbox.store.onEvent((event) => events.push(event.event_type));
  const patched = await request("PATCH", path, { data: { values: { emails: ["ADA@acme.com"] } } });
  expect(look(patched, "data.values.emails")).toEqual(look(made, "data.values.emails"));
  expect(events).toEqual([]);
});

test("keys may be attribute ids, answers have slugs; a unique value of another record is refused", async () => {
  const key = sandbox.store.attribute("things", "key").id;
  const made = await write(key, "k");
  expect(look(made, "data.values.key.0.value")).toBe("k");
  expect(await write("key", "k")).toMatchObject({ status: 400, body: { code: "uniqueness_conflict" } });
  const path = `${THINGS}?matching_attribute=${key}`;
  const again = await request("PUT", path, { data: { values: { key: "k", text: "t" } } });
  expect(look(again, "data.id")).toEqual(look(made, "data.id"));
  const other = await write("key", "other");
  const taken = { data: { values: { key: "k" } } };
  const refused = await request("PATCH", `${THINGS}/${String(look(other, "data.id.record_id"))}`, taken);
  expect(refused).toMatchObject({ status: 400, body: { code: "uniqueness_conflict" } });
});
