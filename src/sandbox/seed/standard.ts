import type { AttributeInput } from "../store/attributes.ts";
import type { SandboxStore } from "../store/store.ts";

const SYSTEM = { isSystem: true } as const;
const ENRICHED = { isSystem: true, isEnriched: true } as const;
const READ_ONLY = { isSystem: true, isWritable: false } as const;

const INTERACTIONS = [
  "first_calendar_interaction",
  "last_calendar_interaction",
  "next_calendar_interaction",
  "first_email_interaction",
  "last_email_interaction",
  "first_interaction",
  "last_interaction",
  "next_interaction",
];

/**
 * Creates the standard objects with their attributes (docs pages "Standard objects"). People and companies always
 * exist; deals, users and workspaces are off until switched on.
 */
export function createStandardObjects(store: SandboxStore, options: { withOptional: boolean }): void {
  const isEnabled = options.withOptional;
  const standard = { isStandard: true, createdAt: "2023-01-02T09:00:00.000Z" };
  store.createObject({ slug: "people", singular: "Person", plural: "People", ...standard });
  store.createObject({ slug: "companies", singular: "Company", plural: "Companies", ...standard });
  store.createObject({ slug: "deals", singular: "Deal", plural: "Deals", ...standard });
  store.createObject({ slug: "users", singular: "User", plural: "Users", ...standard });
  store.createObject({ slug: "workspaces", singular: "Workspace", plural: "Workspaces", ...standard });
  const attributes = { people, companies, deals, users, workspaces };
  for (const [object, all] of Object.entries(attributes)) {
    for (const input of all) store.createAttribute(object, input, { at: standard.createdAt });
  }
  for (const slug of ["deals", "users", "workspaces"]) store.setObjectEnabled(slug, isEnabled);
}

function text(slug: string, title: string, flags: Partial<AttributeInput> = SYSTEM): AttributeInput {
  return { slug, title, type: "text", ...flags };
}

function shared(): AttributeInput[] {
  return [
    ...INTERACTIONS.map((slug) => ({
      slug,
      title: slug.replaceAll("_", " "),
      type: "interaction",
      ...READ_ONLY,
      isEnriched: true,
    })),
    {
      slug: "strongest_connection_strength",
      title: "Strongest connection strength",
      type: "select",
      choices: ["Very weak", "Weak", "Good", "Strong", "Very strong"],
      ...READ_ONLY,
      isEnriched: true,
    },
    {
      slug: "strongest_connection_user",
      title: "Strongest connection user",
      type: "actor-reference",
      ...READ_ONLY,
      isEnriched: true,
    },
    ...["angellist", "facebook", "instagram", "linkedin", "twitter"].map((slug) =>
      text(slug, slug, ENRICHED),
    ),
    {
      slug: "twitter_follower_count",
      title: "Twitter follower count",
      type: "number",
      ...READ_ONLY,
      isEnriched: true,
    },
    { slug: "primary_location", title: "Primary location", type: "location", ...ENRICHED },
  ];
}

const people: AttributeInput[] = [
  { slug: "name", title: "Name", type: "personal-name", ...SYSTEM },
  {
    slug: "email_addresses",
    title: "Email addresses",
    type: "email-address",
    isMultiselect: true,
    isUnique: true,
    ...SYSTEM,
  },
  text("description", "Description", ENRICHED),
  {
    slug: "company",
    title: "Company",
    type: "record-reference",
    relationship: { object: "companies", slug: "team", title: "Team", isMultiselect: true, ...SYSTEM },
    ...SYSTEM,
  },
  text("job_title", "Job title", ENRICHED),
  { slug: "phone_numbers", title: "Phone numbers", type: "phone-number", isMultiselect: true, ...SYSTEM },
  text("avatar_url", "Avatar URL", { ...READ_ONLY, isEnriched: true }),
  ...shared(),
];

const companies: AttributeInput[] = [
  { slug: "domains", title: "Domains", type: "domain", isMultiselect: true, isUnique: true, ...SYSTEM },
  text("name", "Name", ENRICHED),
  text("description", "Description", ENRICHED),
  {
    slug: "categories",
    title: "Categories",
    type: "select",
    isMultiselect: true,
    choices: ["B2B", "B2C", "SaaS", "E-commerce", "Finance", "Health", "Energy", "Education"],
    ...ENRICHED,
  },
  text("logo_url", "Logo URL", { ...READ_ONLY, isEnriched: true }),
  {
    slug: "estimated_arr_usd",
    title: "Estimated ARR",
    type: "select",
    choices: ["<$1M", "$1M-$10M", "$10M-$50M", "$50M-$100M", "$100M+"],
    ...ENRICHED,
  },
  {
    slug: "funding_raised_usd",
    title: "Funding raised",
    type: "currency",
    currency: { code: "USD" },
    ...ENRICHED,
  },
  { slug: "foundation_date", title: "Foundation date", type: "date", ...ENRICHED },
  {
    slug: "employee_range",
    title: "Employee range",
    type: "select",
    choices: ["1-10", "11-50", "51-250", "251-1K", "1K-5K", "5K+"],
    ...ENRICHED,
  },
  ...shared(),
];

const deals: AttributeInput[] = [
  text("name", "Deal name", { ...SYSTEM, isRequired: true }),
  {
    slug: "stage",
    title: "Deal stage",
    type: "status",
    choices: ["Lead", "In Progress", "Won 🎉", "Lost"],
    isRequired: true,
    ...SYSTEM,
  },
  {
    slug: "owner",
    title: "Deal owner",
    type: "actor-reference",
    isRequired: true,
    defaultValue: { type: "dynamic", template: "current-user" },
    ...SYSTEM,
  },
  { slug: "value", title: "Deal value", type: "currency", currency: { code: "USD" }, ...SYSTEM },
  {
    slug: "associated_people",
    title: "Associated people",
    type: "record-reference",
    isMultiselect: true,
    relationship: {
      object: "people",
      slug: "associated_deals",
      title: "Associated deals",
      isMultiselect: true,
      ...SYSTEM,
    },
    ...SYSTEM,
  },
  {
    slug: "associated_company",
    title: "Associated company",
    type: "record-reference",
    relationship: {
      object: "companies",
      slug: "associated_deals",
      title: "Associated deals",
      isMultiselect: true,
      ...SYSTEM,
    },
    ...SYSTEM,
  },
];

const users: AttributeInput[] = [
  {
    slug: "person",
    title: "Person",
    type: "record-reference",
    relationship: {
      object: "people",
      slug: "associated_users",
      title: "Associated users",
      isMultiselect: true,
      ...SYSTEM,
    },
    ...SYSTEM,
  },
  {
    slug: "primary_email_address",
    title: "Primary email address",
    type: "email-address",
    isRequired: true,
    isUnique: true,
    ...SYSTEM,
  },
  text("user_id", "ID", { ...SYSTEM, isRequired: true, isUnique: true }),
];

const workspaces: AttributeInput[] = [
  text("workspace_id", "ID", { ...SYSTEM, isRequired: true, isUnique: true }),
  text("name", "Name"),
  {
    slug: "users",
    title: "Users",
    type: "record-reference",
    isMultiselect: true,
    relationship: { object: "users", slug: "workspace", title: "Workspace", isMultiselect: true, ...SYSTEM },
    ...SYSTEM,
  },
  {
    slug: "company",
    title: "Company",
    type: "record-reference",
    relationship: {
      object: "companies",
      slug: "associated_workspaces",
      title: "Associated workspaces",
      isMultiselect: true,
      ...SYSTEM,
    },
    ...SYSTEM,
  },
  text("avatar_url", "Avatar URL"),
];
