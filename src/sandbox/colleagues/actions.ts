import type { Random } from "../support/random.ts";
import type { Actor, Item } from "../store/model.ts";
import { memberActor } from "../store/state.ts";
import type { SandboxStore } from "../store/store.ts";
import { FIRST_NAMES, JOB_TITLES, LAST_NAMES, SENTENCES } from "../seed/words.ts";

/** What an action works with. */
export interface Scene {
  readonly store: SandboxStore;
  readonly random: Random;
  /** Makes new names and addresses unlike all others. */
  readonly nextNumber: () => number;
}

/** A piece of work; returns false if there was nothing to do it on. */
export type Action = (scene: Scene, by: Actor) => boolean;

/** How often each kind of work comes up, in relation to the others. */
export const RECORD_ACTIONS: readonly (readonly [weight: number, action: Action])[] = [
  [20, changePerson],
  [14, changeCompany],
  [12, moveDeal],
  [8, addPerson],
  [5, addCompany],
  [5, addDeal],
  [4, movePersonToCompany],
  [2, deletePerson],
  [1, mergeCompanies],
  [6, addEntry],
  [6, moveEntry],
  [2, deleteEntry],
];

/** A member to be the actor, chosen at random. */
export function someMember({ store, random }: Scene): Actor {
  return memberActor(random.pick(store.members()).id);
}

function changePerson({ store, random, nextNumber }: Scene, by: Actor): boolean {
  const person = pick(random, store.records("people"));
  if (person === undefined) return false;
  const number = nextNumber();
  const values = random.pick([
    { job_title: random.pick(JOB_TITLES) },
    { description: `${random.pick(SENTENCES)} (${number})` },
    { phone_numbers: [`+4670${String(2_000_000 + number).padStart(7, "0")}`] },
    { linkedin: `https://www.linkedin.com/in/changed-${number}`, job_title: random.pick(JOB_TITLES) },
  ]);
  store.updateItem(person, values, { by });
  return true;
}

function changeCompany({ store, random, nextNumber }: Scene, by: Actor): boolean {
  const company = pick(random, store.records("companies"));
  if (company === undefined) return false;
  const number = nextNumber();
  const options = [...store.attribute("companies", "categories").choices.values()].map(({ title }) => title);
  const values = random.pick([
    { description: `${random.pick(SENTENCES)} (${number})` },
    { categories: random.shuffle(options).slice(0, random.int(4)) },
    { funding_raised_usd: number * 1000.25 },
    { name: `Renamed ${number}` },
  ]);
  store.updateItem(company, values, { by });
  return true;
}

function addPerson({ store, random, nextNumber }: Scene, by: Actor): boolean {
  const number = nextNumber();
  const [first, last] = [random.pick(FIRST_NAMES), random.pick(LAST_NAMES)];
  const company = pick(random, store.records("companies"));
  const values = {
    name: { first_name: first, last_name: last, full_name: `${first} ${last}` },
    email_addresses: [`colleague-${number}@work-${number % 20}.com`],
    company,
  };
  store.createRecord("people", values, { by });
  return true;
}

function addCompany({ store, nextNumber }: Scene, by: Actor): boolean {
  const number = nextNumber();
  store.createRecord("companies", { name: `New ${number}`, domains: [`new-${number}.com`] }, { by });
  return true;
}

function addDeal({ store, random, nextNumber }: Scene, by: Actor): boolean {
  if (!hasDeals(store)) return false;
  const values = {
    name: `Deal of the day ${nextNumber()}`,
    stage: "Lead",
    value: random.int(1_000_000) / 100,
    associated_company: pick(random, store.records("companies")),
  };
  store.createRecord("deals", values, { by });
  return true;
}

function moveDeal({ store, random }: Scene, by: Actor): boolean {
  const deal = hasDeals(store) ? pick(random, store.records("deals")) : undefined;
  if (deal === undefined) return false;
  const stages = [...store.attribute("deals", "stage").choices.values()].filter((one) => !one.isArchived);
  store.updateItem(deal, { stage: random.pick(stages).title, value: random.int(1_000_000) / 100 }, { by });
  return true;
}

function movePersonToCompany({ store, random }: Scene, by: Actor): boolean {
  const person = pick(random, store.records("people"));
  const company = pick(random, store.records("companies"));
  if (person === undefined || company === undefined) return false;
  store.updateItem(person, { company }, { by });
  return true;
}

function deletePerson({ store, random }: Scene, by: Actor): boolean {
  const person = pick(random, store.records("people"));
  if (person === undefined) return false;
  store.deleteRecord("people", person.id, { by });
  return true;
}

function mergeCompanies({ store, random }: Scene, by: Actor): boolean {
  const [one, two] = [pick(random, store.records("companies")), pick(random, store.records("companies"))];
  if (one === undefined || two === undefined || one === two) return false;
  store.mergeRecords("companies", one.id, two.id, { by });
  return true;
}

function addEntry({ store, random }: Scene, by: Actor): boolean {
  const list = pick(random, store.lists());
  const parents = list?.parentObjects.flatMap((object) => object.byTime.items) ?? [];
  const parent = pick(random, parents);
  if (list === undefined || parent === undefined) return false;
  store.createEntry(list, parent, {}, { by });
  return true;
}

function moveEntry({ store, random }: Scene, by: Actor): boolean {
  const list = store.lists().find((one) => one.slug === "sales");
  const entry = pick(random, list?.byTime.items ?? []);
  if (entry === undefined) return false;
  const values = { stage: random.pick(["New", "Talking", "Closed"]), remark: random.pick(SENTENCES) };
  store.updateItem(entry, values, { by });
  return true;
}

function deleteEntry({ store, random }: Scene, by: Actor): boolean {
  const list = pick(random, store.lists());
  const entry = pick(random, list?.byTime.items ?? []);
  if (list === undefined || entry === undefined) return false;
  store.deleteEntry(list, entry.id, { by });
  return true;
}

/** One of the list, or undefined if it is empty. */
export function pick<T>(random: Random, items: readonly T[]): T | undefined {
  return items.length === 0 ? undefined : random.pick(items);
}

/** Records of the main objects, to hang notes and tasks on. */
export function subjects({ store }: Scene): readonly Item[] {
  return [...store.records("people"), ...store.records("companies")];
}

function hasDeals(store: SandboxStore): boolean {
  return store.objects().some((object) => object.slug === "deals" && object.isEnabled);
}
