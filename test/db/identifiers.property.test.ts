import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDatabase, type Database } from "../../src/db/index.ts";
import { fitIdentifier, quoteIdentifier, quoteLiteral, withHash } from "../../src/db/mirror/identifiers.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

const anyText = fc.string({ unit: "binary", maxLength: 90 });
/** What Attio could call a thing: anything but nothing, U+0000 or half a character. */
const anyName = fc.string({ unit: "binary", minLength: 1, maxLength: 90 }).filter(isStorable);
const awkward = fc.constantFrom(
  "it's",
  'a"b',
  "\\",
  "\\'",
  "''",
  '""',
  "$1",
  "%I",
  "E'",
  "--",
  "/*",
  "🏷️",
  "\n",
  ";",
);
const awkwardText = fc.array(fc.oneof(awkward, anyText), { maxLength: 6 }).map((parts) => parts.join(""));

describe("names", () => {
  it("fit into 63 bytes and are whole characters", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const name = fitIdentifier(text);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
        expect(name.isWellFormed()).toBe(true);
        expect(name).not.toContain("\0");
      }),
    );
  });

  it("stay as they are where they fit, and are not cut twice", () => {
    fc.assert(
      fc.property(anyName, (text) => {
        const name = fitIdentifier(text);
        if (Buffer.byteLength(text) <= 63) expect(name).toBe(text);
        expect(fitIdentifier(name)).toBe(name);
      }),
    );
  });

  it("of different texts differ, however long their common beginning is", () => {
    fc.assert(
      fc.property(anyName, fc.string(), fc.string(), (start, one, other) => {
        fc.pre(one !== other && isStorable(one) && isStorable(other));
        const long = start.repeat(Math.ceil(70 / start.length));
        expect(fitIdentifier(long + one)).not.toBe(fitIdentifier(long + other));
      }),
    );
  });

  it("made distinct by a hash end in it and fit as well", () => {
    fc.assert(
      fc.property(anyText, anyText, (text, seed) => {
        const name = withHash(text, seed);
        expect(name).toMatch(/_[0-9a-f]{8}$/);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
      }),
    );
  });
});

describe("quoting", () => {
  let database: TestDatabase;
  let db: Database;

  beforeAll(async () => {
    database = await createTestDatabase();
    db = await openDatabase(database.url, { connections: 1 });
  });

  afterAll(async () => {
    await db.close();
    await database.drop();
  });

  it.each(["on", "off"])(
    "brings any name and text back as it was (standard_conforming_strings %s)",
    async (mode) => {
      await db.sql`SELECT set_config('standard_conforming_strings', ${mode}, false)`;
      await fc.assert(
        fc.asyncProperty(anyName, awkwardText, async (name, text) => {
          const column = fitIdentifier(name);
          const query = `SELECT ${quoteLiteral(text)} AS ${quoteIdentifier(column)}`;
          // As a list: the driver cannot give a row as an object with a property named `__proto__`.
          const rows = await db.sql.unsafe(query).values();
          expect(rows.columns.map((one) => one.name)).toEqual([column]);
          expect(rows[0]).toEqual([stored(text)]);
        }),
        { numRuns: 150, examples: [["__proto__", ""]] },
      );
    },
  );

  it("brings any name and comment back from the catalog", async () => {
    await db.sql`SELECT set_config('standard_conforming_strings', 'on', false)`;
    await db.sql`CREATE TABLE named (id int)`;
    await fc.assert(
      fc.asyncProperty(anyName, awkwardText, async (name, text) => {
        const column = fitIdentifier(name);
        const undo = new Error("undo");
        const work = db.sql.begin(async (tx) => {
          await tx.unsafe(`ALTER TABLE named RENAME COLUMN id TO ${quoteIdentifier(column)}`);
          await tx.unsafe(`COMMENT ON COLUMN named.${quoteIdentifier(column)} IS ${quoteLiteral(text)}`);
          const [row] = await tx<{ name: string; comment: string | null }[]>`
            SELECT attname AS name, col_description(attrelid, attnum) AS comment FROM pg_attribute
            WHERE attrelid = 'named'::regclass AND attnum = 1`;
          // An empty comment is none.
          expect(row).toEqual({ name: column, comment: stored(text) === "" ? null : stored(text) });
          throw undo;
        });
        await expect(work).rejects.toBe(undo);
      }),
      {
        numRuns: 100,
        examples: [
          ["ctidx", "\\"],
          ["é".repeat(40), "it's"],
        ],
      },
    );
  });
});

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

/** As Postgres can hold it. */
function stored(text: string): string {
  return text.toWellFormed().replaceAll("\0", "");
}
