import fc from "fast-check";
import type postgres from "postgres";
import { expect, it } from "vitest";
import { findDifferences } from "../support/oracle.ts";
import { startWriting } from "../support/writing.ts";

const ROWS = 25;

type Row = Record<string, unknown>;

const word = fc.stringMatching(/^[a-zé"'\\;€]{1,12}$/);
const token = fc.stringMatching(/^[a-z]{3,10}$/);
const decimal = fc.integer({ min: -1_000_000, max: 1_000_000 }).map((number) => number / 100);
const day = fc
  .integer({ min: 0, max: 40_000 })
  .map((days) => new Date(days * 86_400_000).toISOString().slice(0, 10));
const instant = fc
  .integer({ min: 0, max: 4_000_000_000 })
  .map((seconds) => new Date(seconds * 1000).toISOString().replace(".000Z", "+00:00"));
const domain = token.map((name) => `${name}.com`);
const email = fc.tuple(token, domain).map((parts) => parts.join("@"));
const phone = fc.integer({ min: 0, max: 999_999 }).map((digits) => `+4420${String(79_000_000 + digits)}`);
const list = <T>(one: fc.Arbitrary<T>) => fc.uniqueArray(one, { minLength: 1, maxLength: 3 });

/** Values of columns, each there, cleared, or not written; of the form that Attio gives them back in. */
function rowOf(ids: { companies: string[]; people: string[]; members: string[] }, titles: string[]) {
  const columns: Record<string, fc.Arbitrary<unknown>> = {
    notes_text: word,
    effort: decimal,
    is_active: fc.boolean(),
    budget: decimal,
    begins_on: day,
    reviewed_at: instant,
    stars: fc.integer({ min: 0, max: 5 }),
    phase: fc.constantFrom("Plan", "Do", "Check"),
    label: fc.constantFrom(...titles),
    labels: list(fc.constantFrom(...titles)),
    lead: fc.constantFrom(...ids.members),
    crew: list(fc.constantFrom(...ids.members)),
    client: fc.constantFrom(...ids.companies),
    contacts: list(fc.constantFrom(...ids.people)),
    website: domain,
    websites: list(domain),
    contact_email: email,
    contact_emails: list(email),
    hotline: phone,
    hotlines: list(phone),
    aliases: list(word),
    scores: list(decimal),
    milestones: list(day),
    "Mixed-Case slug": word,
  };
  return fc.record(
    Object.fromEntries(Object.entries(columns).map(([name, value]) => [name, fc.option(value, { freq: 3 })])),
    { requiredKeys: [] },
  );
}

/** PATCH puts what is added in front: a list is what is in it. */
function comparable(value: unknown): unknown {
  return Array.isArray(value) ? value.map(String).toSorted() : value;
}

it("values of every type, set, changed and cleared by SQL, arrive as meant, and the row equals Attio's answer", async () => {
  const { mirror, user, push } = await startWriting({ seed: { people: 8, companies: 6, deals: 2, seed: 6 } });
  const idsOf = async (query: postgres.PendingQuery<{ id: string }[]>) => (await query).map(({ id }) => id);
  const ids = {
    companies: await idsOf(user`SELECT record_id AS id FROM attio.companies`),
    people: await idsOf(user`SELECT record_id AS id FROM attio.people`),
    members: await idsOf(user`SELECT workspace_member_id AS id FROM attio.workspace_members`),
  };
  const titles = await user<{ title: string }[]>`
    SELECT o.title FROM attio.select_options o JOIN attio.attributes a USING (attribute_id)
    WHERE a.api_slug = 'label' AND NOT o.is_archived`;
  const arbitrary = rowOf(
    ids,
    titles.map(({ title }) => title),
  );

  async function check(written: readonly Row[]): Promise<void> {
    await push();
    expect([
      ...(await user`SELECT changes, error_code, error_message FROM attio.changes WHERE status <> 'pushed'`),
    ]).toEqual([]);
    expect(await findDifferences(mirror.sandbox, mirror.db.sql, { resources: [] })).toEqual([]);
    const rows = await user<{ key: string; row: Row }[]>`
      SELECT key, to_jsonb(p) AS row FROM attio.projects p WHERE key LIKE 'row %'`;
    const byKey = new Map(rows.map(({ key, row }) => [key, row]));
    for (const [index, values] of written.entries()) {
      const row = byKey.get(`row ${index}`) ?? {};
      for (const [column, value] of Object.entries(values))
        expect([index, column, comparable(row[column])]).toEqual([index, column, comparable(value)]);
    }
  }

  async function update(written: readonly Row[]): Promise<void> {
    await user`SET TIME ZONE 'UTC'`;
    for (const [index, values] of written.entries()) {
      const columns = Object.keys(values).map((column) => `"${column}"`);
      if (columns.length === 0) continue;
      const names = columns.join(", ");
      await user.unsafe(
        `UPDATE attio.projects p SET (${names}) = ROW(${columns.map((name) => `n.${name}`).join(", ")})
         FROM jsonb_populate_record(NULL::attio.projects, $2::text::jsonb) n WHERE p.key = $1`,
        [`row ${index}`, JSON.stringify(values)],
      );
    }
  }

  const seed = Date.now() % 1_000_000;
  console.log(`values of seed ${seed}`);
  const [first, second] = [
    fc.sample(arbitrary, { seed, numRuns: ROWS }),
    fc.sample(arbitrary, { seed: seed + 1, numRuns: ROWS }),
  ];
  await user`INSERT INTO attio.projects (name, key) SELECT 'Row ' || n, 'row ' || n FROM generate_series(0, ${ROWS - 1}) AS n`;
  await update(first);
  await check(first);
  await update(second);
  await check(second);
  const cleared = first.map((values) =>
    Object.fromEntries(Object.keys(values).map((column) => [column, null])),
  );
  await update(cleared);
  await check(cleared);
}, 150_000);
