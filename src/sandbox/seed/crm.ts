import { toMs, toTime } from "../support/time.ts";
import type { Json } from "../support/json.ts";
import type { Item } from "../store/model.ts";
import { SYSTEM } from "../store/state.ts";
import { ENDED_MS, maybe, some, someActor, someTime, type SeedContext } from "./context.ts";
import {
  CITIES,
  COMPANY_KINDS,
  COMPANY_WORDS,
  FIRST_NAMES,
  JOB_TITLES,
  LAST_NAMES,
  SENTENCES,
  TRAPS,
} from "./words.ts";

const DAY_MS = 86_400_000;
const STAGES = ["Lead", "In Progress", "Won 🎉", "Lost"] as const;

/** Companies; their domains are made of their number, so that they never clash. */
export function seedCompanies(context: SeedContext, count: number): void {
  const { random, store } = context;
  const categories = [...store.attribute("companies", "categories").choices.values()].map(
    ({ title }) => title,
  );
  const employees = [...store.attribute("companies", "employee_range").choices.values()].map(
    ({ title }) => title,
  );
  for (let index = 0; index < count; index++) {
    const name = `${random.pick(COMPANY_WORDS)} ${random.pick(COMPANY_KINDS)}`;
    const slug = `${name.toLowerCase().replaceAll(/[^a-z]+/g, "-")}-${index}`;
    const values = {
      name: index < TRAPS.length ? TRAPS[index] : name,
      domains: index % 7 === 3 ? [`${slug}.com`, `${slug}.co.uk`] : [`${slug}.com`],
      description: maybe(context, 0.8, () => `${name}. ${random.pick(SENTENCES)}`),
      categories: some(context, categories, 3),
      employee_range: maybe(context, 0.9, () => random.pick(employees)),
      funding_raised_usd: maybe(context, 0.5, () => random.int(200) * 250_000 + 0.5),
      foundation_date: maybe(context, 0.7, () => `${1950 + random.int(75)}-0${1 + random.int(9)}-15`),
      primary_location: maybe(context, 0.7, () => city(context)),
      twitter_follower_count: maybe(context, 0.4, () => random.int(2_000_000)),
      last_interaction: maybe(context, 0.5, () => interaction(context)),
    };
    const at = someTime(context);
    context.companies.push(
      store.createRecord("companies", values, { createdAt: at, by: someActor(context) }),
    );
  }
}

/** People, most of them at a company; `sameMillisecond` of them are created at one instant, as an import does. */
export function seedPeople(context: SeedContext, count: number, sameMillisecond: number): void {
  const { random, store, companies } = context;
  const importedAt = toTime("2024-03-05T10:15:30.123Z");
  for (let index = 0; index < count; index++) {
    const [first, last] = [random.pick(FIRST_NAMES), random.pick(LAST_NAMES)];
    const values = {
      name: maybe(context, 0.97, () => ({
        first_name: first,
        last_name: last,
        full_name: `${first} ${last}`,
      })),
      email_addresses: emails(context, index),
      company: maybe(context, companies.length > 0 ? 0.85 : 0, () => random.pick(companies)),
      job_title: maybe(context, 0.7, () => random.pick(JOB_TITLES)),
      description: maybe(context, 0.4, () => (index < 60 ? random.pick(TRAPS) : random.pick(SENTENCES))),
      phone_numbers: random.chance(0.5) ? [`+4670${String(1_000_000 + index).padStart(7, "0")}`] : [],
      primary_location: maybe(context, 0.5, () => city(context)),
      linkedin: maybe(context, 0.3, () => `https://www.linkedin.com/in/person-${index}`),
      strongest_connection_strength: maybe(context, 0.4, () => random.pick(["Weak", "Good", "Strong"])),
      first_interaction: maybe(context, 0.4, () => interaction(context)),
      last_interaction: maybe(context, 0.4, () => interaction(context)),
    };
    const createdAt = index < sameMillisecond ? importedAt : someTime(context);
    context.people.push(store.createRecord("people", values, { createdAt, by: someActor(context) }));
  }
}

/** Deals, whose stage has moved on, so that there is a past. */
export function seedDeals(context: SeedContext, count: number): void {
  const { random, store, people, companies, members } = context;
  for (let index = 0; index < count; index++) {
    const createdAt = someTime(context);
    const values = {
      name: index < TRAPS.length ? TRAPS[index] : `Deal ${index}: ${random.pick(COMPANY_WORDS)}`,
      stage: "Lead",
      owner: random.pick(members).emailAddress,
      value: maybe(context, 0.8, () => random.int(1_000_000) / 100),
      associated_people: some(context, people, 3),
      associated_company: maybe(context, companies.length > 0 ? 0.8 : 0, () => random.pick(companies)),
    };
    const deal = store.createRecord("deals", values, { createdAt, by: someActor(context) });
    context.deals.push(deal);
    advance(context, deal);
  }
}

function advance(context: SeedContext, deal: Item): void {
  let at = toMs(deal.createdAt);
  for (const stage of STAGES.slice(1, 1 + context.random.int(STAGES.length))) {
    at += 1 + context.random.int(60) * DAY_MS;
    if (at >= ENDED_MS) return;
    context.store.updateRecord("deals", deal.id, { stage }, { at, by: someActor(context) });
  }
}

function emails({ random }: SeedContext, index: number): string[] {
  if (index % 20 === 19) return [];
  const main = `person-${index}@sandbox-${index % 50}.com`;
  return random.chance(0.2) ? [main, `Person.${index}@Mail-${index % 5}.co.uk`] : [main];
}

function city({ random }: SeedContext): Json {
  const [locality, region, postcode, country_code, latitude, longitude] = random.pick(CITIES);
  const lines = { line_1: `${1 + random.int(200)} Main Street`, line_2: null, line_3: null, line_4: null };
  return { ...lines, locality, region, postcode, country_code, latitude, longitude };
}

function interaction(context: SeedContext): Json {
  const { random, members } = context;
  const owner = members.length === 0 ? SYSTEM : { type: "workspace-member", id: random.pick(members).id };
  return {
    interaction_type: random.pick(["email", "calendar-event"]),
    interacted_at: someTime(context),
    owner_actor: { id: owner.id, type: owner.type },
  };
}
