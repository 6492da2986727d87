import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BOOKKEEPING_COLUMNS,
  FIXED_RELATIONS,
  RECORD_COLUMNS,
  SYSTEM_COLUMNS,
} from "../../src/db/mirror/tables.ts";
import {
  nameColumns,
  nameTable,
  type GivenColumns,
  type NamedColumns,
} from "../../src/sync/schema/naming.ts";

const FIXED = RECORD_COLUMNS.map((column) => column.name);
const LONG = "n".repeat(62);

/** Slugs that get into each other's way. */
const slug = fc.oneof(
  fc.constantFrom("a", "a_attr", "b", "price", "price_currency", "price_currency_attr", "name", "name_first"),
  fc.constantFrom("__proto__", "record_id", "web_url", "xmin", "xmin_attr", "_hash", "_deleted_at", "ctid"),
  fc.constantFrom(LONG, `${LONG}é`, `${LONG}_one`, `${LONG}_two`, `${LONG}_attr`),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 }).filter((text) => !text.includes("\0")),
);
const suffixes = fc.constantFrom([], [], ["currency"], ["first", "last"], ["object"], ["attr"]);
const attribute = fc.record({ id: fc.uuid(), slug, suffixes });
/** As Attio has them: ids and slugs are unique among the attributes of an object. */
const attributes = fc
  .uniqueArray(attribute, { selector: (one) => one.slug, maxLength: 12 })
  .filter((all) => new Set(all.map((one) => one.id)).size === all.length);
const usersColumns = fc.uniqueArray(slug, { maxLength: 3 });

describe("columns", () => {
  it("have names of their own, that nothing else has, of at most 63 bytes", () => {
    fc.assert(
      fc.property(attributes, usersColumns, (all, users) => {
        const named = nameColumns({ attributes: all, given: new Map(), fixed: FIXED, existing: users });
        const names = [...named.values()].flatMap(columnsOf);
        expect(named.size).toBe(all.length);
        expect(new Set(names).size).toBe(names.length);
        // No object can have a property of the last name, and rows are objects in every JavaScript driver.
        for (const taken of [...FIXED, ...BOOKKEEPING_COLUMNS, ...SYSTEM_COLUMNS, ...users, "__proto__"]) {
          expect(names).not.toContain(taken);
        }
        for (const name of names) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
      }),
    );
  });

  it("keep their names however Attio's order changes and whatever comes new", () => {
    fc.assert(
      fc.property(attributes, attributes, fc.infiniteStream(fc.nat()), (before, after, order) => {
        const first = nameColumns({ attributes: before, given: new Map(), fixed: FIXED, existing: [] });
        const given = asGiven(before, first);
        const newcomers = after.filter(
          (one) => !before.some(({ id, slug: known }) => id === one.id || known === one.slug),
        );
        const shuffled = [...before, ...newcomers]
          .map((one) => [order.next().value ?? 0, one] as const)
          .toSorted(([a], [b]) => a - b)
          .map(([, one]) => one);
        const existing = [...first.values()].flatMap(columnsOf);
        const second = nameColumns({ attributes: shuffled, given, fixed: FIXED, existing });
        for (const { id } of before) expect(second.get(id)).toEqual(first.get(id));
      }),
    );
  });

  it("of attributes whose slugs stay are untouched by renames of others", () => {
    fc.assert(
      fc.property(attributes, attributes, fc.nat(), (before, others, from) => {
        const first = nameColumns({ attributes: before, given: new Map(), fixed: FIXED, existing: [] });
        const given = asGiven(before, first);
        const staying = before.slice(0, from % (before.length + 1));
        const renamed = before
          .slice(staying.length)
          .map((one, index) => ({ ...one, slug: others[index]?.slug ?? one.slug }));
        const all = [...staying, ...renamed];
        fc.pre(new Set(all.map((one) => one.slug)).size === all.length);
        const existing = [...first.values()].flatMap(columnsOf);
        const second = nameColumns({ attributes: all, given, fixed: FIXED, existing });
        const names = [...second.values()].flatMap(columnsOf);
        expect(new Set(names).size).toBe(names.length);
        for (const { id } of staying) expect(second.get(id)).toEqual(first.get(id));
      }),
    );
  });

  it("are called by their slugs where nothing is in the way", () => {
    const plain = fc.stringMatching(/^[a-z]{1,20}$/).filter((text) => !isTaken(text));
    fc.assert(
      fc.property(fc.uuid(), plain, fc.uuid(), plain, (id, one, otherId, other) => {
        fc.pre(id !== otherId && one !== other);
        const both = [
          { id, slug: one, suffixes: [] },
          { id: otherId, slug: other, suffixes: [] },
        ];
        const named = nameColumns({ attributes: both, given: new Map(), fixed: FIXED, existing: [] });
        expect([named.get(id)?.column, named.get(otherId)?.column]).toEqual([one, other]);
      }),
    );
  });
});

describe("tables", () => {
  const kind = fc.constantFrom("object" as const, "list" as const);
  const tableSlug = fc.oneof(slug, fc.constantFrom(...FIXED_RELATIONS, "list_a", "object_notes"));

  it("have names of their own of at most 63 bytes, that are no fixed table's or view's", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.record({ kind, id: fc.uuid(), slug: tableSlug }), {
          maxLength: 10,
          selector: (one) => one.id,
        }),
        (all) => {
          const taken = new Set<string>();
          for (const { kind: kindOf, id, slug: own } of all) {
            const name = nameTable({ kind: kindOf, id, slug: own, given: undefined, taken });
            expect(taken.has(name)).toBe(false);
            expect(FIXED_RELATIONS).not.toContain(name);
            expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
            const again = nameTable({
              kind: kindOf,
              id,
              slug: own,
              given: { slug: own, table: name },
              taken,
            });
            expect(again).toBe(name);
            taken.add(name);
          }
        },
      ),
    );
  });
});

function columnsOf({ column, sides }: NamedColumns): string[] {
  return [column, ...Object.values(sides)];
}

function asGiven(
  all: readonly { id: string; slug: string }[],
  named: ReadonlyMap<string, NamedColumns>,
): Map<string, GivenColumns> {
  return new Map(
    all.map(({ id, slug: own }) => [id, { slug: own, column: "", sides: {}, ...named.get(id) }]),
  );
}

function isTaken(name: string): boolean {
  return [...FIXED, ...SYSTEM_COLUMNS].includes(name);
}
