import { randomUUID } from "node:crypto";
import fc from "fast-check";
import postgres from "postgres";
import { beforeAll, expect, test } from "vitest";
import { MARK_SYNC } from "../../src/db/mirror/write-guard.ts";
import type { Sql, Tx } from "../../src/db/index.ts";
import { copyInto, copyLine } from "../../src/db/mirror/copy.ts";
import { upsertStatement } from "../../src/db/mirror/upsert.ts";
import { drawTicket } from "../../src/db/queries/tickets.ts";
import { applyRows } from "../../src/sync/apply/apply-rows.ts";
import type { ApplyTarget } from "../../src/sync/apply/target.ts";
import { startMirror } from "../support/mirror.ts";
import { addThings, mappedThing, setAsideCodes, someoneWaits, type Things } from "../support/things.ts";

let sql: Sql;
let things: Things;

beforeAll(async () => {
  const mirror = await startMirror({ life: "file" });
  ({ sql } = mirror.db);
  things = addThings(mirror);
  await mirror.syncSchema();
  await sql.unsafe(`CREATE TABLE attio.every_type (${COLUMNS.join(", ")})`);
});

const COLUMNS = [
  "id uuid PRIMARY KEY",
  "a_text text",
  "a_list text[]",
  "a_number double precision",
  "a_numeric numeric",
  "a_boolean boolean",
  "a_time timestamptz",
  "ids uuid[]",
  "numbers double precision[]",
  "a_document jsonb",
  "_hash uuid",
  "_fetch_seq bigint NOT NULL DEFAULT 0",
  "_synced_at timestamptz",
  "_deleted_at timestamptz",
];

/** Texts that a format could trip over; U+0000 and lone surrogates never come so far. */
const hostileText = fc.oneof(
  fc.constantFrom("", "\\N", "\\.", "NULL", '"', "{}", "{a,b}", "\\", "\t", "\r\n", "a\nb", " ", ",", "'"),
  fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0")),
  fc.string({ unit: fc.constantFrom("\\", '"', "{", "}", ",", "\n", "\t", "N", "é", "Ж", "😀") }),
);
const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null });
const values = fc.record({
  a_text: optional(hostileText),
  a_list: optional(fc.array(optional(hostileText))),
  a_number: optional(fc.double({ noNaN: true, noDefaultInfinity: true })),
  a_numeric: optional(fc.constantFrom("12.50", "-0.1", "100000000000000000000.000001", 1e21, -3, 0.1)),
  a_boolean: optional(fc.boolean()),
  a_time: optional(fc.constantFrom("2024-01-01T00:00:00.000000Z", "0001-12-31T23:59:59.999999Z")),
  ids: optional(fc.array(fc.uuid())),
  numbers: optional(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }))),
  a_document: optional(
    fc.oneof(hostileText, fc.array(hostileText), fc.record({ deep: fc.array(hostileText) })),
  ),
});

/** The columns that the rows of a page have, in the order of the table. */
const DATA = COLUMNS.map((column) => column.split(" ")[0] ?? "").filter(
  (name) => name !== "id" && !name.startsWith("_"),
);

/** What a transaction that is undone then sees in the table. */
async function storedBy(write: (tx: Tx) => Promise<unknown>): Promise<readonly unknown[]> {
  const undo = new Error("undo");
  let stored: readonly unknown[] = [];
  const transaction = sql.begin(async (tx) => {
    await write(tx);
    stored = await tx`SELECT to_jsonb(t) - '_synced_at' AS row FROM attio.every_type t ORDER BY id`;
    throw undo;
  });
  await expect(transaction).rejects.toBe(undo);
  return stored;
}

test("a copied row is the row that an upsert writes, whatever it holds", async () => {
  const isJson = [false, false, ...DATA.map((name) => name === "a_document")];
  const upsert = upsertStatement({ table: "every_type", key: "id", columns: DATA });
  const rows = fc.array(
    values.map((columns) => ({ id: randomUUID(), ...columns })),
    { minLength: 1 },
  );
  await fc.assert(
    fc.asyncProperty(rows, async (page) => {
      const lines = page.map((row) =>
        copyLine([row.id, 7, ...DATA.map((name) => row[name as keyof typeof row])], isJson),
      );
      const copied = await storedBy((tx) => copyInto(tx, "every_type", ["id", "_fetch_seq", ...DATA], lines));
      const upserted = await storedBy((tx) =>
        tx.unsafe(upsert, [JSON.stringify(page.map((row) => ({ ...row, _hash: null }))), 7, 1], {
          prepare: true,
        }),
      );
      expect(copied).toEqual(upserted);
      expect(copied).toHaveLength(page.length);
    }),
    { numRuns: 60 },
  );
});

const TAKEN = "00000000-0000-4000-8000-000000000000";

/** Copies ids in a savepoint and gives what came of it, and how many rows the table then holds with `TAKEN`. */
async function tryCopy(ids: readonly string[], padding = 0): Promise<{ isRefused: boolean; rows: number }> {
  let isRefused = false;
  const text = "x".repeat(padding);
  const rows = await storedBy(async (tx) => {
    await tx`INSERT INTO attio.every_type (id) VALUES (${TAKEN})`;
    const lines = ids.map((id) => copyLine([id, text], []));
    await tx
      .savepoint((savepoint) => copyInto(savepoint, "every_type", ["id", "a_text"], lines))
      .catch((error: unknown) => {
        if (!(error instanceof postgres.PostgresError)) throw error;
        isRefused = true;
      });
  });
  return { isRefused, rows: rows.length };
}

test("a copy that is refused at its very end fails, and the transaction goes on without it", async () => {
  expect(await tryCopy([randomUUID(), TAKEN])).toEqual({ isRefused: true, rows: 1 });
});

test("a copy that is refused while it is sent fails, and the transaction goes on without it", async () => {
  const ids = ["no id", ...Array.from({ length: 2000 }, () => randomUUID())];
  expect(await tryCopy(ids, 10_000)).toEqual({ isRefused: true, rows: 1 });
});

test("a copy of nothing writes nothing", async () => {
  expect(await tryCopy([])).toEqual({ isRefused: false, rows: 1 });
});

/** A page's target as the backfill makes it, with the types of the columns. */
async function typedTarget(): Promise<ApplyTarget> {
  return { ...(await things.target()), tracked: [{ slug: "name", column: "name", type: "text" }] };
}

test("one bad row among many new ones is set aside alone", async () => {
  const ids = Array.from({ length: 300 }, () => randomUUID());
  const rows = ids.map((id, index) =>
    mappedThing(id, { name: "n", created_at: index === 200 ? "no time" : "2024-01-01T00:00:00Z" }),
  );
  const counts = await applyRows(sql, await typedTarget(), { rows, begin: await drawTicket(sql) });
  expect(counts).toMatchObject({ written: 299, refused: 1 });
  expect((await things.rows()).size).toBe(299);
  expect([...(await setAsideCodes(sql, things.slug)).keys()]).toEqual([ids[200]]);
});

test("a row that somebody else writes while the page is copied is left to the upsert", async () => {
  const ids = Array.from({ length: 200 }, () => randomUUID());
  const [contested = ""] = ids;
  const begin = await drawTicket(sql);
  const other = await sql.reserve();
  try {
    await other`BEGIN`;
    const newer = await drawTicket(sql);
    await other.unsafe(`SELECT ${MARK_SYNC}`);
    await other.unsafe(
      `INSERT INTO attio.${things.slug} (record_id, name, _fetch_seq) VALUES ('${contested}', 'theirs', ${newer})`,
    );
    const rows = ids.map((id) => mappedThing(id, { name: "ours" }));
    const applied = applyRows(sql, await typedTarget(), { rows, begin });
    await someoneWaits(sql);
    await other`COMMIT`;
    expect(await applied).toMatchObject({ written: 199, deferred: 1 });
  } finally {
    other.release();
  }
  expect((await things.rows()).get(contested)).toMatchObject({ name: "theirs" });
});
