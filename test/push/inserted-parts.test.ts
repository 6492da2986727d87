import { expect, it } from "vitest";
import { findDifferences } from "../support/oracle.ts";
import { SHORT_PATIENCE, startWriting, type Writing } from "../support/writing.ts";

/** What a person is called in Attio, and where it is. */
async function readPerson({ user }: Writing, key: string): Promise<unknown> {
  const rows = await user`
    SELECT name, name_first, name_last, primary_location_locality AS locality, primary_location_country_code AS country
    FROM attio.people WHERE email_addresses = ARRAY[${key}] OR job_title = ${key}`;
  return rows.length === 1 ? rows[0] : [...rows];
}

const HOW = {
  "asserted by its e-mail": (parts: string, values: string) =>
    `INSERT INTO attio.people (${parts}, email_addresses) VALUES (${values}, '{parts@made-here.com}')`,
  "created without a key": (parts: string, values: string) =>
    `INSERT INTO attio.people (${parts}, job_title) VALUES (${values}, 'parts@made-here.com')`,
};

const PARTS = [
  [
    "both parts of a name",
    "name_first, name_last",
    "'Ada', 'Lovelace'",
    { name: "Ada Lovelace", name_first: "Ada", name_last: "Lovelace" },
  ],
  ["a first name alone", "name_first", "'Ada'", { name: "Ada", name_first: "Ada", name_last: "" }],
  [
    "a town and its country",
    "primary_location_locality, primary_location_country_code",
    "'Lund', 'SE'",
    { locality: "Lund", country: "SE" },
  ],
] as const;

it.each(Object.keys(HOW) as (keyof typeof HOW)[])(
  "an INSERT that names only parts of a value is %s with them",
  async (how) => {
    for (const [, columns, values, expected] of PARTS) {
      const writing = await startWriting();
      await writing.user.unsafe(HOW[how](columns, values));
      await writing.push();
      // Attio's answer, by now.
      expect(await readPerson(writing, "parts@made-here.com")).toMatchObject(expected);
    }
  },
);

it("parts given for a record that exists leave its other parts as they are", async () => {
  const writing = await startWriting({ policy: "local" });
  const { mirror, user, push } = writing;
  const name = { first_name: "Grace", last_name: "Hopper", full_name: "Grace Hopper" };
  const made = mirror.sandbox.store.createRecord("people", { name, email_addresses: ["grace@known.com"] });
  await user`INSERT INTO attio.people (name_first, email_addresses) VALUES ('Amazing', '{grace@known.com}')`;
  await push();
  expect(await readPerson(writing, "grace@known.com")).toMatchObject({
    name: "Amazing Hopper",
    name_first: "Amazing",
    name_last: "Hopper",
  });
  const [row] = await user`SELECT record_id FROM attio.people WHERE email_addresses = '{grace@known.com}'`;
  expect(row).toEqual({ record_id: made.id });
});

it("parts that a record has already are no conflict", async () => {
  const { mirror, user, push } = await startWriting({ policy: "manual" });
  const name = { first_name: "Grace", last_name: "Hopper", full_name: "Grace B. Hopper" };
  mirror.sandbox.store.createRecord("people", { name, email_addresses: ["grace@known.com"] });
  await user`
    INSERT INTO attio.people (name_first, name_last, email_addresses) VALUES ('Grace', 'Hopper', '{grace@known.com}')`;
  await push();
  expect([...(await user`SELECT operation, status FROM attio.changes`)]).toEqual([
    { operation: "insert", status: "pushed" },
  ]);
  expect([
    ...(await user`SELECT name FROM attio.people WHERE email_addresses = '{grace@known.com}'`),
  ]).toEqual([{ name: "Grace B. Hopper" }]);
});

it("a lost create of which only parts were given is made once", async () => {
  const { mirror, user, push } = await startWriting({ patience: SHORT_PATIENCE });
  const before = mirror.sandbox.store.records("people").length;
  mirror.sandbox.faults.add({ kind: "lost", path: /records$/, times: 1 });
  await user`
    INSERT INTO attio.people (name_first, name_last, primary_location_locality) VALUES ('Only', 'Parts', 'Lund')`;
  await push();
  expect(mirror.sandbox.store.records("people")).toHaveLength(before + 1);
  expect(await findDifferences(mirror.sandbox, mirror.db.sql, { resources: [] })).toEqual([]);
});
