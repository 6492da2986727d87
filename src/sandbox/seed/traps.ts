import type { AttributeInput } from "../store/attributes.ts";
import type { Json } from "../support/json.ts";
import { maybe, some, someActor, someTime, type SeedContext } from "./context.ts";
import { SENTENCES, TRAPS } from "./words.ts";

/** Words that SQL reserves, and the name of a table that the mirror has already. */
const AWKWARD_SLUGS = ["select", "order", "user", "table", "notes"];
/** Equal over more than 63 bytes, so that names cut to that length collide. */
const LONG = "a_slug_that_is_much_longer_than_the_sixty_three_bytes_an_identifier_may_have";
const LONG_SLUGS = [`${LONG}_one`, `${LONG}_two`];
const OPTION_TITLES = [`It's "quoted"`, "a,b", "{curly}", "back\\slash", "", "NULL", "naïve 🏷️", "$1"].filter(
  (title) => title !== "",
);

/** Objects, attributes and values on which careless mirrors break. */
export function seedTraps(context: SeedContext): void {
  createProjects(context);
  for (let index = 0; index < 40; index++) createProject(context, index);
  for (const slug of [...AWKWARD_SLUGS, ...LONG_SLUGS]) seedAwkwardObject(context, slug);
  addClashes(context);
  archiveSome(context);
}

function createProjects({ store }: SeedContext): void {
  const title = `Project "X"; DROP TABLE`;
  store.createObject({
    slug: "projects",
    singular: title,
    plural: "Projects",
    createdAt: "2023-03-01T00:00:00Z",
  });
  for (const input of PROJECT_ATTRIBUTES) {
    store.createAttribute("projects", input, { at: "2023-03-01T00:00:00Z" });
  }
}

function createProject(context: SeedContext, index: number): void {
  const { store, random, people, companies, members } = context;
  const subjects = [...people, ...companies];
  const values = {
    name: TRAPS[index] ?? `Project ${index}`,
    key: `P-${index}`,
    notes_text: index === 0 ? "long ".repeat(20_000) : maybe(context, 0.7, () => random.pick(SENTENCES)),
    effort: NUMBERS[index] ?? maybe(context, 0.7, () => random.int(10_000) / 100),
    is_active: maybe(context, 0.8, () => random.chance(0.5)),
    budget: [-12.5, 0, 999_999_999_999.9999][index] ?? maybe(context, 0.7, () => random.int(9_000_000) / 100),
    budget_currency: maybe(context, 0.5, () => "a text next to a currency"),
    begins_on: DATES[index] ?? maybe(context, 0.7, () => someTime(context).slice(0, 10)),
    reviewed_at: TIMESTAMPS[index] ?? maybe(context, 0.7, () => someTime(context)),
    stars: maybe(context, 0.8, () => random.int(6)),
    phase: maybe(context, 0.9, () => random.pick(["Plan", "Do", "Check", "Act"])),
    label: maybe(context, 0.7, () => random.pick(OPTION_TITLES)),
    labels: some(context, OPTION_TITLES, 4),
    lead: maybe(context, 0.6, () => random.pick(members).emailAddress),
    crew: some(context, members, 3).map((member) => member.emailAddress),
    client: maybe(context, companies.length > 0 ? 0.6 : 0, () => random.pick(companies)),
    contacts: some(context, people, 4),
    subject: maybe(context, subjects.length > 0 ? 0.6 : 0, () => random.pick(subjects)),
    subject_object: maybe(context, 0.3, () => "a text next to a reference"),
    subjects: some(context, subjects, 4),
    site: maybe(context, 0.6, () => (index % 2 === 0 ? place(null) : place(`${index} Rue de l'Église`))),
    website: maybe(context, 0.6, () => `project-${index}.example-site.io`),
    websites: [`p${index}.example-site.io`, `www.p${index}.co.uk`].slice(0, random.int(3)),
    contact_email: maybe(context, 0.6, () => `Project-${index}@Example-Site.io`),
    contact_emails: [`a${index}@example-site.io`, `b${index}@example-site.io`].slice(0, random.int(3)),
    hotline: maybe(context, 0.6, () => "+442071234567"),
    hotlines: ["+442071234567", { original_phone_number: "070-123 45 67", country_code: "SE" }].slice(
      0,
      random.int(3),
    ),
    last_contact: maybe(context, 0.5, () => ({
      interaction_type: "meeting",
      interacted_at: someTime(context),
      owner_actor: { type: "system", id: null },
    })),
    presence: maybe(context, 0.6, () => ({ shape: { sides: index, tags: ["x", null] }, glow: 0.5 })),
    aliases: TRAPS.slice(0, random.int(4)),
    scores: [1, 0.1, -3].slice(0, random.int(4)),
    milestones: ["2024-01-31", "9999-12-31"].slice(0, random.int(3)),
    xmin: maybe(context, 0.5, () => "a system column's name"),
    _hash: maybe(context, 0.5, () => "a bookkeeping column's name"),
    web_url: maybe(context, 0.5, () => "a fixed column's name"),
    [LONG_SLUGS[0] ?? ""]: maybe(context, 0.7, () => `one ${index}`),
    [LONG_SLUGS[1] ?? ""]: maybe(context, 0.7, () => `two ${index}`),
    "Mixed-Case slug": maybe(context, 0.5, () => "quoted name"),
    retired: maybe(context, 0.5, () => "value of an archived attribute"),
  };
  const createdAt = CREATED[index] ?? someTime(context);
  store.createRecord("projects", values, { createdAt, by: someActor(context) });
}

/** Instants that only nanoseconds tell apart, and one that rounding would move into the next second. */
const CREATED = [
  "2024-07-01T12:00:00.123456789Z",
  "2024-07-01T12:00:00.123456788Z",
  "2024-07-01T12:00:00.123457000Z",
  "2024-07-01T12:00:00.999999999Z",
];
const NUMBERS = [1e15, 0.1, -0.0001, 0, 9_007_199_254_740_991, 1e-7];
const DATES = ["9999-12-31", "1900-01-01", "2024-02-29", "0001-01-01"];
const TIMESTAMPS = [
  "2024-06-30T23:59:59.123456789Z",
  "9999-12-31T23:59:59.999999999Z",
  "1969-12-31T23:59:59.999999999Z",
];

const PROJECT_ATTRIBUTES: AttributeInput[] = [
  { slug: "name", title: `He said "hi"; it's \\ fine`, type: "text", isRequired: true },
  { slug: "key", title: "Key", type: "text", isUnique: true },
  { slug: "notes_text", title: "Long text", type: "text", description: "May be\nvery long" },
  { slug: "effort", title: "Effort", type: "number" },
  { slug: "is_active", title: "Active?", type: "checkbox" },
  { slug: "budget", title: "Budget", type: "currency", currency: { code: "EUR", display: "code" } },
  { slug: "budget_currency", title: "Budget currency", type: "text" },
  { slug: "begins_on", title: "Begins on", type: "date" },
  { slug: "reviewed_at", title: "Reviewed at", type: "timestamp" },
  { slug: "stars", title: "Stars", type: "rating" },
  { slug: "phase", title: "Phase", type: "status", choices: ["Plan", "Do", "Check", "Act"] },
  { slug: "label", title: "Label", type: "select", choices: OPTION_TITLES },
  { slug: "labels", title: "Labels", type: "select", isMultiselect: true, choices: OPTION_TITLES },
  { slug: "lead", title: "Lead", type: "actor-reference" },
  { slug: "crew", title: "Crew", type: "actor-reference", isMultiselect: true },
  { slug: "client", title: "Client", type: "record-reference", allowedObjects: ["companies"] },
  {
    slug: "contacts",
    title: "Contacts",
    type: "record-reference",
    isMultiselect: true,
    allowedObjects: ["people"],
  },
  { slug: "subject", title: "Subject", type: "record-reference", allowedObjects: ["people", "companies"] },
  { slug: "subject_object", title: "Subject object", type: "text" },
  {
    slug: "subjects",
    title: "Subjects",
    type: "record-reference",
    isMultiselect: true,
    allowedObjects: ["people", "companies"],
  },
  { slug: "site", title: "Site", type: "location" },
  { slug: "website", title: "Website", type: "domain" },
  { slug: "websites", title: "Websites", type: "domain", isMultiselect: true },
  { slug: "contact_email", title: "Contact email", type: "email-address" },
  { slug: "contact_emails", title: "Contact emails", type: "email-address", isMultiselect: true },
  { slug: "hotline", title: "Hotline", type: "phone-number" },
  { slug: "hotlines", title: "Hotlines", type: "phone-number", isMultiselect: true },
  { slug: "last_contact", title: "Last contact", type: "interaction", isWritable: false },
  { slug: "presence", title: "Presence", type: "hologram", isWritable: false },
  { slug: "aliases", title: "Aliases", type: "text", isMultiselect: true },
  { slug: "scores", title: "Scores", type: "number", isMultiselect: true },
  { slug: "milestones", title: "Milestones", type: "date", isMultiselect: true },
  { slug: "xmin", title: "xmin", type: "text" },
  { slug: "_hash", title: "_hash", type: "text" },
  { slug: "web_url", title: "Web URL", type: "text" },
  ...LONG_SLUGS.map((slug) => ({ slug, title: slug, type: "text" })),
  { slug: "Mixed-Case slug", title: "Mixed", type: "text" },
  { slug: "retired", title: "Retired", type: "text" },
];

function place(line: string | null): Json {
  const empty = { line_2: null, line_3: null, line_4: null, region: null, postcode: null };
  const where = { locality: line === null ? "Kyiv" : "Liège", country_code: line === null ? null : "BE" };
  return { line_1: line, ...empty, ...where, latitude: null, longitude: null };
}

function seedAwkwardObject(context: SeedContext, slug: string): void {
  const { store } = context;
  const createdAt = "2023-04-01T00:00:00Z";
  store.createObject({ slug, singular: `A ${slug}`, plural: `Many ${slug}`, createdAt });
  store.createAttribute(slug, { slug: "name", title: "Name", type: "text" }, { at: createdAt });
  store.createAttribute(slug, { slug: "group", title: "Group", type: "number" }, { at: createdAt });
  for (let index = 0; index < 5; index++) {
    const values = { name: TRAPS[index] ?? slug, group: maybe(context, 0.8, () => index) };
    store.createRecord(slug, values, { createdAt: someTime(context), by: someActor(context) });
  }
}

/** Attributes on standard objects that clash with the side columns of others. */
function addClashes(context: SeedContext): void {
  const { store, people, companies } = context;
  const at = "2023-05-01T00:00:00Z";
  store.createAttribute("people", { slug: "name_first", title: "Name first", type: "text" }, { at });
  store.createAttribute(
    "companies",
    { slug: "arr", title: "ARR", type: "currency", currency: { code: "EUR" } },
    { at },
  );
  store.createAttribute("companies", { slug: "arr_currency", title: "ARR currency", type: "text" }, { at });
  for (const one of people.slice(0, 20)) {
    store.updateRecord("people", one.id, { name_first: "not the first name" }, { at: someTime(context) });
  }
  for (const one of companies.slice(0, 20)) {
    const values = { arr: context.random.int(1_000_000), arr_currency: "not the currency" };
    store.updateRecord("companies", one.id, values, { at: someTime(context) });
  }
}

function archiveSome({ store }: SeedContext): void {
  const at = "2026-04-01T00:00:00Z";
  store.updateAttribute("projects", "retired", { isArchived: true }, { at });
  store.updateOption("projects", "label", "a,b", { isArchived: true }, { at });
  store.updateStatus("projects", "phase", "Act", { isArchived: true }, { at });
}
