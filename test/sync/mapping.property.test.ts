import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BlankRows } from "../../src/sync/mapping/blank-rows.ts";
import { readRecord, type ValuesSource } from "../../src/sync/mapping/read-record.ts";
import { UnknownChoiceError } from "../../src/sync/mapping/read-value.ts";
import type { AttributePlan, RecordPlan } from "../../src/sync/mapping/record-plan.ts";
import type { MappedRow } from "../../src/sync/mapping/row.ts";
import { attributeShape } from "../../src/sync/mapping/shape.ts";
import { cleanText, cutTimestamp } from "../../src/sync/mapping/text.ts";
import type { Json } from "../support/oracle-api.ts";
import { canonical, expectColumns, type AttributeFacts } from "../support/oracle-values.ts";

const OPTIONS = ["option-1", "option-2", "option-3"];
const ID = "00000000-0000-4000-8000-000000000001";

type Body = Record<string, Json>;

const text = fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("", "0", "zero\0byte", "a,b", "null"));
const maybeText: fc.Arbitrary<Json> = fc.option(text);
const maybeUuid: fc.Arbitrary<Json> = fc.option(fc.uuid());
const digits = fc
  .array(fc.constantFrom("0", "5", "9"), { minLength: 9, maxLength: 9 })
  .map((all) => all.join(""));
const timestamp = digits.map((fraction) => `2024-06-30T23:59:59.${fraction}Z`);
const option = fc.constantFrom(...OPTIONS);

/** A value of each type as Attio writes it, without its envelope. */
const BODIES: Readonly<Record<string, fc.Arbitrary<Body>>> = {
  text: fc.record({ value: text }),
  number: fc.record({ value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => one + 0) }),
  checkbox: fc.record({ value: fc.boolean() }),
  currency: fc.record({
    currency_value: fc.oneof(fc.integer(), fc.constantFrom("499.00", "-0.0001", "123456789012345.6789")),
    currency_code: fc.constantFrom("USD", null),
  }),
  date: fc.record({ value: fc.constantFrom("2024-02-29", "9999-12-31") }),
  timestamp: fc.record({ value: timestamp }),
  rating: fc.record({ value: fc.nat(5) }),
  select: fc.record({ option: option.map((id) => ({ id: { option_id: id }, title: "of the page" })) }),
  status: fc.record({ status: option.map((id) => ({ id: { status_id: id }, title: "of the page" })) }),
  "record-reference": fc.record({
    target_object: fc.constantFrom("people", "deals"),
    target_record_id: fc.uuid(),
  }),
  "actor-reference": fc.record({ referenced_actor_type: text, referenced_actor_id: maybeUuid }),
  "personal-name": fc.record({ full_name: text, first_name: text, last_name: text }),
  location: fc.record({
    line_1: maybeText,
    line_2: maybeText,
    line_3: maybeText,
    line_4: maybeText,
    locality: maybeText,
    region: maybeText,
    postcode: maybeText,
    country_code: maybeText,
    latitude: fc.constantFrom("51.507351000", null),
    longitude: fc.constantFrom("-0.127758000", null),
  }),
  domain: fc.record({ domain: text }),
  "email-address": fc.record({ email_address: text }),
  "phone-number": fc.record({ phone_number: text }),
  interaction: fc.record({
    interaction_type: text,
    interacted_at: timestamp,
    owner_actor: fc.record({ type: text, id: maybeUuid }),
  }),
  hologram: fc.record({ glow: fc.integer(), tags: fc.array(maybeText, { maxLength: 2 }) }),
};

const MULTI = [
  "text",
  "number",
  "date",
  "timestamp",
  "select",
  "status",
  "record-reference",
  "actor-reference",
  "domain",
];
const TYPES = [
  ...Object.keys(BODIES).map((type) => ({ type, isMulti: false })),
  ...[...MULTI, "email-address", "phone-number", "hologram"].map((type) => ({ type, isMulti: true })),
];

interface Field {
  slug: string;
  facts: AttributeFacts;
}

const FIELDS: readonly Field[] = TYPES.map(({ type, isMulti }) => ({
  // Every object answers to `constructor`, which must not be taken for a key of `values`.
  slug: type === "checkbox" ? "constructor" : `${type}${isMulti ? " multi" : ""}`,
  facts: {
    type,
    isMulti,
    hasObjectColumn: true,
    titles: new Map(OPTIONS.map((id) => [id, `title of ${id}`])),
  },
}));

/** All values of a record; an attribute may be absent, empty or filled. */
const values = fc
  .tuple(...FIELDS.map((field) => fc.option(valuesOf(field), { nil: undefined, freq: 8 })))
  .map((all) => withoutAbsent(FIELDS.map(({ slug }, index) => [slug, all[index]])));

describe("a record as a row", () => {
  it("has in each column what an independent reading expects", () => {
    fc.assert(
      fc.property(values, (all) => {
        const { columns } = read(all, plan());
        const expected: Record<string, string> = {};
        const actual: Record<string, string> = {};
        for (const { slug, facts } of FIELDS) {
          const own = Object.hasOwn(all, slug) ? all[slug] : undefined;
          if (own === undefined) continue;
          for (const [suffix, { type, value }] of expectColumns(own, facts)) {
            const column = suffix === "" ? slug : `${slug}_${suffix}`;
            expected[column] = canonical(value, type);
            actual[column] = canonical((columns[column] ?? null) as Json, type);
          }
        }
        expect(actual).toEqual(expected);
        expect(Object.keys(columns).toSorted()).toEqual(
          ["created_at", "web_url", ...Object.keys(expected)].toSorted(),
        );
      }),
      { numRuns: 300 },
    );
  });

  it("has the same hash whatever its columns and options are called", () => {
    fc.assert(
      fc.property(values, fc.string(), (all, prefix) => {
        const other = plan({ prefix: `x${prefix}`, title: (id) => `${prefix} ${id}` });
        expect(read(all, other).hash).toBe(read(all, plan()).hash);
      }),
    );
  });

  it("has the same hash whoever wrote its values, whenever, in whatever order its attributes come", () => {
    fc.assert(
      fc.property(values, fc.string(), fc.infiniteStream(fc.nat()), (all, actor, random) => {
        const order = new Map(Object.keys(all).map((slug) => [slug, random.next().value ?? 0]));
        const entries = Object.entries(all).toSorted(([a], [b]) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
        const rewritten = entries.map(
          ([slug, own]) => [slug, own.map((one) => ({ ...one, ...envelope(actor) }))] as const,
        );
        expect(read(Object.fromEntries(rewritten), plan()).hash).toBe(read(all, plan()).hash);
      }),
    );
  });

  it("has another hash exactly where another row is to be written", () => {
    // Distinct options have distinct titles here, so that equal columns mean equal values.
    const pair = values.chain((all) =>
      fc
        .constantFrom(...FIELDS)
        .chain((field) => valuesOf(field).map((own) => [all, { ...all, [field.slug]: own }] as const)),
    );
    fc.assert(
      fc.property(pair, ([one, other]) => {
        const [first, second] = [read(one, plan()), read(other, plan())];
        const isSame = JSON.stringify(first.columns) === JSON.stringify(second.columns);
        expect(first.hash === second.hash).toBe(isSame);
      }),
      { numRuns: 300 },
    );
  });

  it("leaves an absent attribute out and clears an empty one, which are two hashes", () => {
    fc.assert(
      fc.property(values, fc.constantFrom(...FIELDS), (all, { slug }) => {
        const rest = Object.fromEntries(Object.entries(all).filter(([key]) => key !== slug));
        const absent = read(rest, plan());
        const empty = read({ ...rest, [slug]: [] }, plan());
        expect(Object.keys(absent.columns)).not.toContain(slug);
        expect(empty.columns).toHaveProperty([slug], null);
        expect(absent.hash).not.toBe(empty.hash);
      }),
    );
  });

  it("counts what was dropped and holds nothing that Postgres cannot", () => {
    fc.assert(
      fc.property(values, (all) => {
        const row = read(all, plan());
        const dropped = JSON.stringify(all).split("\\u0000").length - 1;
        expect(JSON.stringify(row.columns)).not.toContain("\\u0000");
        if (dropped === 0) expect(row.droppedCharacters).toBe(0);
      }),
    );
  });

  it("of any JSON whatever is a row or a problem that quotes no value, but for a choice that is unknown", () => {
    const word = "canary9f2e41";
    const odd = fc.oneof(
      fc.jsonValue({ maxDepth: 4 }),
      fc.constantFrom(
        word,
        [word],
        { value: word },
        { value: [{ value: word }] },
        { option: word },
        1e308,
        -0,
      ),
    );
    const field = fc.constantFrom(...FIELDS);
    // Now the whole attribute is odd, now a value, now a field of an otherwise good one.
    const oneOdd = field.chain(({ slug, facts }) =>
      fc
        .oneof(
          odd,
          fc.array(odd, { maxLength: 3 }),
          fc
            .tuple(BODIES[facts.type] ?? fc.constant({}), fc.nat(9), odd)
            .map(([body, place, value]) => [{ ...body, [Object.keys(body)[place] ?? "x"]: value }]),
        )
        .map((own) => ({ [slug]: own })),
    );
    fc.assert(
      fc.property(oneOdd, (all) => {
        let problem: string | undefined;
        try {
          const source = { id: ID, fixed: { created_at: null, web_url: null }, values: all };
          const row = readRecord(source, plan(), { raw: true });
          if ("problem" in row) ({ problem } = row);
        } catch (error) {
          if (!(error instanceof UnknownChoiceError)) throw error;
          problem = error.message;
        }
        expect(problem ?? "").not.toContain(word);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is not made of an option that the schema does not know", () => {
    const unknown = { select: [{ option: { id: { option_id: "new" }, title: "New" } }] };
    expect(() => read(unknown, plan())).toThrow(UnknownChoiceError);
  });
});

describe("text and time", () => {
  it("a timestamp is cut to microseconds, never rounded", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { maxLength: 12 }), (all) => {
        const fraction = all.length === 0 ? "" : `.${all.join("")}`;
        const cut = cutTimestamp(`2024-06-30T23:59:59${fraction}Z`);
        expect(cut).toBe(`2024-06-30T23:59:59${fraction.slice(0, 7)}Z`);
        expect(Date.parse(cut)).toBe(Date.parse(`2024-06-30T23:59:59${fraction.slice(0, 4)}Z`));
      }),
    );
  });

  it("a text loses U+0000 and half characters, and nothing else", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (all) => {
        const tally = { droppedCharacters: 0 };
        const clean = cleanText(all, tally);
        expect(clean).toBe(all.toWellFormed().split("\0").join(""));
        expect(tally.droppedCharacters).toBe(all.split("\0").length - 1);
      }),
    );
  });
});

function valuesOf({ facts }: Field): fc.Arbitrary<Body[]> {
  const body = BODIES[facts.type] ?? fc.constant({});
  return fc.array(
    body.map((one) => ({ ...envelope("member"), ...one })),
    { maxLength: facts.isMulti ? 3 : 1 },
  );
}

function envelope(actor: string): Body {
  return {
    active_from: `2024-01-01T00:00:00.${String(actor.length % 10)}00000000Z`,
    active_until: null,
    created_by_actor: { type: "workspace-member", id: actor },
    attribute_type: "…",
  };
}

function withoutAbsent(entries: readonly (readonly [string, Body[] | undefined])[]): Record<string, Body[]> {
  const present = entries.filter((entry): entry is readonly [string, Body[]] => entry[1] !== undefined);
  return Object.fromEntries(present);
}

function plan({ prefix = "", title }: { prefix?: string; title?: (id: string) => string } = {}): RecordPlan {
  const attributes = FIELDS.map(({ slug, facts }, index): AttributePlan => {
    const input = { type: facts.type, isMultiselect: facts.isMulti, allowedObjectIds: [] };
    const { kind, multi, type, sides } = attributeShape(input);
    const isChoice = kind === "select" || kind === "status";
    const column = prefix + slug;
    return {
      id: `attribute-${index}`,
      slug,
      kind,
      multi,
      type,
      column,
      sides: Object.fromEntries(sides.map(({ suffix }) => [suffix, `${column}_${suffix}`])),
      titles: isChoice ? new Map(OPTIONS.map((id) => [id, title?.(id) ?? `title of ${id}`])) : null,
      writable: true,
      unique: false,
      targetObject: null,
    };
  });
  const blanks = new BlankRows(attributes);
  const common = { stream: "things", kind: "object", sourceId: ID, slug: "things", table: "things" } as const;
  return { ...common, key: "record_id", version: 1, attributes, blanks };
}

function read(all: Record<string, readonly Body[]>, by: RecordPlan): MappedRow {
  const fixed = { created_at: "2024-01-01T00:00:00.000000Z", web_url: null };
  const source: ValuesSource = { id: ID, fixed, values: all };
  const row = readRecord(source, by, { raw: false });
  if ("problem" in row) throw new Error(row.problem);
  return row;
}
