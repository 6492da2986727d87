import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { countRowsOf } from "../../src/db/queries/outbox-bulk.ts";
import { quoteIdentifier } from "../../src/db/mirror/identifiers.ts";
import { readStatus } from "../../src/sync/status.ts";
import { columnsOf, tableOf } from "../support/catalog.ts";
import { startMirror, type Mirror } from "../support/mirror.ts";
import { findDifferences } from "../support/oracle.ts";
import { past } from "../support/as-daemon.ts";

/** What would end a name, a literal, a comment or a function's body, if anything let it. */
const HOSTILE = [
  `a"."b.c`,
  `a"; DROP TABLE public.bystander; --`,
  `a'; DROP TABLE public.bystander; --`,
  `a\\'; DROP TABLE public.bystander; --`,
  `$$; DROP TABLE public.bystander; $$`,
  `$body$ /* `,
  `"`,
  `%I %s %%`,
  `$1`,
  "select",
  "-- ",
];

const text = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }),
  fc.string({ unit: "binary", minLength: 1, maxLength: 40 }).map((all) => `x${all.toWellFormed()}`),
);
// A path of Attio's API holds a slug, and a record is asked for by it.
const slugs = text
  .map((all) => all.toWellFormed().replaceAll("\0", ""))
  .filter((all) => all.trim() !== "" && !/^\.+$/.test(all));
const types = fc.constantFrom("text", "currency", "select", "record-reference");
const attributes = fc.uniqueArray(fc.record({ slug: slugs, title: text, type: types }), {
  selector: ({ slug }) => slug.toLowerCase(),
  minLength: 1,
  maxLength: 5,
});

let mirror: Mirror;

beforeAll(async () => {
  mirror = await startMirror({ life: "file", outbound: "*" });
  await mirror.db.sql`CREATE TABLE public.bystander (id int)`;
});

it("slugs and titles of any text become tables, columns, comments, views and triggers, and never a statement", async () => {
  const { store } = mirror.sandbox;
  const { sql } = mirror.db;
  let round = 0;
  await fc.assert(
    fc.asyncProperty(slugs, text, attributes, async (suffix, title, all) => {
      // Slugs of objects are unique within the workspace.
      const slug = `${(round += 1)}${suffix}`;
      store.createObject({ slug, singular: title, plural: title });
      for (const { type, ...names } of all)
        store.createAttribute(slug, { ...names, type, isMultiselect: false });
      store.createRecord(slug, {});
      await mirror.syncSchema();
      const [result] = await mirror.backfill({ streams: [slug] });
      expect(result).toMatchObject({ state: "ok", rows: 1 });
      const table = await tableOf(sql, slug);
      expect(Object.keys(await columnsOf(sql, table)).length).toBeGreaterThanOrEqual(all.length);
      // The driver's own helper would take a dot for the end of a name.
      const name = `attio.${quoteIdentifier(table)}`;
      expect(await sql.unsafe(`SELECT * FROM ${name}`)).toHaveLength(1);
      expect(await sql`SELECT 1 FROM attio.records WHERE object = ${slug}`).toHaveLength(1);
      expect(await countRowsOf(sql, slug)).toBe(1);
      expect((await readStatus(mirror.db)).find(({ stream }) => stream === slug)?.rows).toBe(1);
      // Its trigger runs: a function's body holds every name once more.
      const inserted = await sql.unsafe(`INSERT INTO ${name} DEFAULT VALUES RETURNING 1`);
      expect(inserted).toHaveLength(1);
      await sql`TRUNCATE attio_sync.outbox`;
      await past(sql).unsafe(`DELETE FROM ${name} WHERE _fetch_seq = 0 OR _hash IS NULL`);
    }),
    { numRuns: 6 },
  );
  expect(await sql`SELECT to_regclass('public.bystander') IS NOT NULL AS stands`).toEqual([{ stands: true }]);
  expect(await findDifferences(mirror.sandbox, sql, { resources: [] })).toEqual([]);
});
