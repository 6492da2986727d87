import { toMs } from "../support/time.ts";
import type { AttributeInput } from "../store/attributes.ts";
import type { Item } from "../store/model.ts";
import { ENDED_MS, maybe, some, someActor, someTime, type SeedContext } from "./context.ts";
import { SENTENCES } from "./words.ts";

const SALES: AttributeInput[] = [
  { slug: "stage", title: "Stage", type: "status", choices: ["New", "Talking", "Closed"] },
  { slug: "amount", title: "Amount", type: "currency", currency: { code: "GBP" } },
  { slug: "owner", title: "Owner", type: "actor-reference" },
  {
    slug: "reasons",
    title: "Reasons",
    type: "select",
    isMultiselect: true,
    choices: ["Price", "Timing", "Fit"],
  },
  { slug: "remark", title: "Remark", type: "text" },
  { slug: "introduced_by", title: "Introduced by", type: "record-reference", allowedObjects: ["people"] },
];

/** Lists with entries; one has the slug of an object, one holds a record twice, one is private. */
export function seedLists(context: SeedContext): void {
  const { store, companies, people } = context;
  createList(context, "sales", "Sales", "companies", SALES);
  fill(context, "sales", companies);
  createList(context, "candidates", "Candidates", "people", [
    { slug: "score", title: "Score", type: "rating" },
  ]);
  fill(context, "candidates", people);
  createList(context, "projects", "Projects by another name", "projects", [
    { slug: "select", title: "Select", type: "text" },
  ]);
  fill(context, "projects", store.records("projects"));
  const [member] = context.members;
  store.createList({
    slug: "board",
    name: "Board (private) 'quoted'",
    parentObject: "people",
    workspaceAccess: null,
    memberAccess: member === undefined ? [] : [{ memberId: member.id, level: "full-access" }],
    createdAt: "2023-06-01T00:00:00Z",
  });
}

function createList(
  { store }: SeedContext,
  slug: string,
  name: string,
  parentObject: string,
  attributes: readonly AttributeInput[],
): void {
  store.createList({ slug, name, parentObject, createdAt: "2023-06-01T00:00:00Z" });
  for (const input of attributes)
    store.createAttribute({ list: slug }, input, { at: "2023-06-01T00:00:00Z" });
}

function fill(context: SeedContext, list: string, parents: readonly Item[]): void {
  const chosen = parents.filter((_, index) => index % 2 === 0);
  const twice = chosen.slice(0, 2);
  for (const parent of [...chosen, ...twice]) {
    const createdAt = someTime(context, toMs(parent.createdAt), ENDED_MS);
    const values = list === "sales" ? salesValues(context) : otherValues(context, list);
    const entry = context.store.createEntry(list, parent, values, { createdAt, by: someActor(context) });
    if (list === "sales") moveOn(context, entry);
  }
}

function salesValues(context: SeedContext) {
  const { random, members, people } = context;
  return {
    stage: "New",
    amount: maybe(context, 0.8, () => random.int(500_000) / 10),
    owner: maybe(context, 0.7, () => random.pick(members).emailAddress),
    reasons: some(context, ["Price", "Timing", "Fit"], 3),
    remark: maybe(context, 0.6, () => random.pick(SENTENCES)),
    introduced_by: maybe(context, people.length > 0 ? 0.4 : 0, () => random.pick(people)),
  };
}

function otherValues(context: SeedContext, list: string) {
  if (list === "candidates") return { score: maybe(context, 0.8, () => context.random.int(6)) };
  return { select: maybe(context, 0.8, () => context.random.pick(SENTENCES)) };
}

function moveOn(context: SeedContext, entry: Item): void {
  if (context.random.chance(0.5)) return;
  const at = someTime(context, toMs(entry.createdAt), ENDED_MS);
  context.store.updateEntry("sales", entry.id, { stage: "Talking" }, { at, by: someActor(context) });
}
