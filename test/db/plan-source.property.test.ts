import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { markSync } from "../../src/db/locks.ts";
import { migrate, openDatabase, type Database } from "../../src/db/index.ts";
import { introspect } from "../../src/db/mirror/introspect.ts";
import { mirrorTable } from "../../src/db/mirror/sql-names.ts";
import type { Tx } from "../../src/db/client.ts";
import type { AttributeDescription, CatalogAttribute, CatalogSource } from "../../src/sync/schema/catalog.ts";
import { localWrites } from "../../src/sync/local-writes.ts";
import { planSource, type GivenSource, type SourcePlan } from "../../src/sync/schema/plan.ts";
import { quoted } from "../support/catalog.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

const LONG = "n".repeat(62);
const OBJECT_ID = "00000000-0000-4000-8000-000000000000";

const slugs = fc.constantFrom(
  "a",
  "a_attr",
  "b",
  "c",
  "price",
  "price_currency",
  "xmin",
  "web_url",
  `${LONG}_1`,
  `${LONG}_2`,
);
const types = fc.constantFrom("text", "number", "currency");

interface Wish {
  slug: string;
  type: string;
  title: string;
}

/** Each round says of eight attributes, which keep their ids and types, what slug they have; some come later. */
const rounds = fc
  .array(
    fc.uniqueArray(fc.record({ slug: slugs, type: types, title: fc.constantFrom("T", "it's") }), {
      minLength: 1,
      maxLength: 8,
      selector: (one) => one.slug,
    }),
    {
      minLength: 2,
      maxLength: 5,
    },
  )
  .map(settle);

let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  database = await createTestDatabase();
  db = await openDatabase(database.url, { connections: 2 });
  await migrate(db);
});

afterAll(async () => {
  await db.close();
  await database.drop();
});

it("whatever slugs become of each other, every attribute keeps its column and its data", async () => {
  await fc.assert(
    fc.asyncProperty(rounds, async (all) => {
      const undo = new Error("undo");
      await expect(
        db.sql.begin(async (tx) => {
          await markSync(tx);
          await playRounds(tx, all);
          throw undo;
        }),
      ).rejects.toBe(undo);
    }),
    { numRuns: 60, examples: [[settle([[wish("a")], [wish("b"), wish("a")]])]] },
  );
});

async function playRounds(tx: Tx, all: readonly (readonly Wish[])[]): Promise<void> {
  let given: GivenSource | undefined;
  const written: Written = new Map();
  for (const [round, wishes] of all.entries()) {
    const source = sourceOf(wishes, round);
    const plan = planSource(source, given, await introspect(tx), localWrites("off", "hard"));
    expect(planSource(source, given, await introspect(tx), localWrites("off", "hard"))).toEqual(plan);
    for (const statement of plan.statements) await tx.unsafe(statement);
    given = asGiven(source, plan);
    const again = planSource(source, given, await introspect(tx), localWrites("off", "hard"));
    expect([again.statements, again.columns]).toEqual([[], plan.columns]);
    if (round === 0) await tx.unsafe(`INSERT INTO ${mirrorTable(plan.table)} DEFAULT VALUES`);
    await checkData(tx, source, plan, written);
    await writeData(tx, source, plan, written);
  }
}

/** What stands in each attribute's column, by its id. */
type Written = Map<string, string>;

async function checkData(tx: Tx, source: CatalogSource, plan: SourcePlan, written: Written): Promise<void> {
  const [row] = await tx.unsafe<Record<string, unknown>[]>(`SELECT * FROM ${mirrorTable(plan.table)}`);
  for (const { description } of source.attributes) {
    const names = plan.columns.get(description.attributeId);
    if (names === undefined) throw new Error(`no column for ${description.apiSlug}`);
    const value = row?.[names.column];
    const known = written.get(description.attributeId);
    if (known === undefined) expect(value).toBeNull();
    else expect(value === null ? null : Number(value)).toBe(Number(known));
    for (const side of Object.values(names.sides)) expect(row).toHaveProperty([side]);
  }
}

async function writeData(tx: Tx, source: CatalogSource, plan: SourcePlan, written: Written): Promise<void> {
  for (const { description } of source.attributes) {
    const column = plan.columns.get(description.attributeId)?.column ?? "";
    const value = String(Number.parseInt(description.attributeId.slice(-3), 16));
    await tx.unsafe(`UPDATE ${mirrorTable(plan.table)} SET ${quoted(column)} = ${value}`);
    written.set(description.attributeId, value);
  }
}

function wish(slug: string): Wish {
  return { slug, type: "text", title: "T" };
}

/** An attribute's type never changes in Attio, and one that there is does not go away. */
function settle(all: readonly (readonly Wish[])[]): Wish[][] {
  const result: Wish[][] = [];
  for (const wishes of all) {
    const before = result.at(-1) ?? [];
    const kept = before.map((old, index) => ({ ...old, slug: wishes[index]?.slug ?? old.slug }));
    const next = [...kept, ...wishes.slice(before.length)];
    const isValid = new Set(next.map((one) => one.slug)).size === next.length;
    result.push(isValid ? next : [...before]);
  }
  return result;
}

function sourceOf(wishes: readonly Wish[], round: number): CatalogSource {
  const row = {
    objectId: OBJECT_ID,
    apiSlug: round === 1 ? "articles" : "things",
    singularNoun: "T",
    pluralNoun: "T",
    createdAt: null,
  };
  return { kind: "object", row, attributes: wishes.map(attributeOf) };
}

function attributeOf({ slug, type, title }: Wish, index: number): CatalogAttribute {
  const description: AttributeDescription = {
    attributeId: `00000000-0000-4000-8000-${(index + 1).toString(16).padStart(12, "0")}`,
    objectId: OBJECT_ID,
    target: "objects",
    apiSlug: slug,
    title,
    description: null,
    type,
    isSystemAttribute: false,
    isWritable: true,
    isRequired: false,
    isUnique: false,
    isMultiselect: false,
    isDefaultValueEnabled: false,
    isArchived: false,
    defaultValue: null,
    relationship: null,
    config: null,
    createdAt: null,
  };
  return { description, allowedObjectIds: [], options: [], statuses: [] };
}

function asGiven(source: CatalogSource, plan: SourcePlan): GivenSource {
  const slugOf = new Map(
    source.attributes.map(({ description }) => [description.attributeId, description.apiSlug]),
  );
  const columns = [...plan.columns].map(
    ([id, names]) => [id, { ...names, slug: slugOf.get(id) ?? "" }] as const,
  );
  return { slug: source.row.apiSlug, table: plan.table, stream: plan.stream, columns: new Map(columns) };
}
