import fc from "fast-check";
import { expect, it } from "vitest";
import { findDifferences } from "../support/oracle.ts";
import { startWriting } from "../support/writing.ts";

const PEOPLE = 20;
const ROUNDS = 3;
const SEED = Number(process.env["SEED"] ?? Date.now() % 1_000_000);

const word = fc.stringMatching(/^[A-Z][a-zé'-]{0,8}$/);
const PLACE = [
  "line_1",
  "line_2",
  "line_3",
  "line_4",
  "locality",
  "region",
  "postcode",
  "country_code",
] as const;

/** One statement about a name: its whole, one part, both, or nothing at all. */
const nameEdit = fc.oneof(
  fc.record({ name: fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join(" ")) }),
  fc.record({ name_first: word }),
  fc.record({ name_last: word }),
  fc.record({ name_first: word, name_last: word }),
  fc.constant({ name: null, name_first: null, name_last: null }),
);
/** Some parts of a place; its two numbers go together. */
const placeEdit = fc
  .record(
    {
      ...Object.fromEntries(
        PLACE.map((part) => [part, part === "country_code" ? fc.constantFrom("SE", "GB") : word]),
      ),
      point: fc.tuple(fc.integer({ min: -80, max: 80 }), fc.integer({ min: -170, max: 170 })),
    },
    { requiredKeys: [] },
  )
  .map(({ point, ...parts }: { point?: [number, number] } & Record<string, unknown>) => ({
    ...Object.fromEntries(Object.entries(parts).map(([part, value]) => [`primary_location_${part}`, value])),
    ...(point && { primary_location_latitude: point[0], primary_location_longitude: point[1] }),
  }));

type Cells = Record<string, string | number | null>;

/** What a name is after an edit: the whole alone is split at its last word, the parts alone make up the whole. */
function named(before: Cells, edit: Cells): Cells {
  if (edit["name"] === null) return edit;
  if (typeof edit["name"] === "string") {
    const words = edit["name"].split(" ");
    const last = words.length > 1 ? (words.pop() ?? null) : null;
    return { name: edit["name"], name_first: words.join(" "), name_last: last };
  }
  const parts = { name_first: before["name_first"] ?? null, name_last: before["name_last"] ?? null, ...edit };
  return { ...parts, name: [parts.name_first, parts.name_last].filter((part) => part !== null).join(" ") };
}

it("parts and wholes: names and places that are written either way arrive as meant", async () => {
  const { mirror, user, push } = await startWriting({
    seed: { people: PEOPLE, companies: 2, deals: 1, seed: 6 },
  });
  console.log(`parts of seed ${SEED}`);
  const rows = await user<Cells[]>`SELECT * FROM attio.people ORDER BY record_id`;
  const expected = new Map(rows.map((row) => [String(row["record_id"]), row]));
  for (let round = 0; round < ROUNDS; round++) {
    const edits = fc.sample(fc.tuple(nameEdit, placeEdit), { seed: SEED + round, numRuns: rows.length });
    for (const [index, [name, place]] of edits.entries()) {
      const id = String(rows[index]?.["record_id"]);
      const before = expected.get(id) ?? {};
      await user`UPDATE attio.people SET ${user({ ...(name as Cells), ...(place as Cells) })} WHERE record_id = ${id}`;
      expected.set(id, { ...before, ...(place as Cells), ...named(before, name) });
    }
    await push();
    expect([...(await user`SELECT error_message FROM attio.changes WHERE status <> 'pushed'`)]).toEqual([]);
    expect(await findDifferences(mirror.sandbox, mirror.db.sql, { resources: [] })).toEqual([]);
    for (const row of await user<Cells[]>`SELECT * FROM attio.people`) {
      const wanted = expected.get(String(row["record_id"])) ?? {};
      const columns = Object.keys(wanted).filter((column) =>
        /^name(_first|_last)?$|^primary_location_/.test(column),
      );
      for (const column of columns)
        expect([row["record_id"], column, plain(row[column])]).toEqual([
          row["record_id"],
          column,
          plain(wanted[column]),
        ]);
    }
  }
});

/** Attio writes coordinates with more digits. */
function plain(value: string | number | null | undefined): string | number | null {
  return value == null || value === "" ? null : Number.isNaN(Number(value)) ? value : Number(value);
}
