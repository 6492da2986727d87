import { expect, it } from "vitest";
import { drain } from "../support/live.ts";
import { findDifferences } from "../support/oracle.ts";
import { SHORT_PATIENCE, startWriting, type Writing } from "../support/writing.ts";

/** A project, a person and two companies. */
async function readIds({ user }: Writing) {
  const ids = async (table: string) =>
    (
      await user<{ record_id: string }[]>`SELECT record_id FROM ${user(`attio.${table}`)} ORDER BY 1 LIMIT 2`
    ).map(({ record_id: id }) => id);
  const [[project = ""], [person = ""], [company = "", second = ""]] = await Promise.all([
    ids("projects"),
    ids("people"),
    ids("companies"),
  ]);
  return { project, person, company, second };
}

async function expectPushed({ mirror, user, push }: Writing): Promise<void> {
  await push();
  expect([
    ...(await user`SELECT error_code, error_message FROM attio.changes WHERE status <> 'pushed'`),
  ]).toEqual([]);
  await drain(mirror);
  expect(await findDifferences(mirror.sandbox, mirror.db.sql, { resources: [] })).toEqual([]);
}

it("a reference that may point to several objects is sent with the object that its record belongs to", async () => {
  const writing = await startWriting();
  const { user } = writing;
  const { project, person, company } = await readIds(writing);
  await user`UPDATE attio.projects SET subject = ${person} WHERE record_id = ${project}`;
  await expectPushed(writing);
  // The column beside it still says what the former value was.
  await user`UPDATE attio.projects SET subject = ${company} WHERE record_id = ${project}`;
  await expectPushed(writing);
  await user`INSERT INTO attio.projects (name, subject) VALUES ('by reference', ${person})`;
  await expectPushed(writing);
  const rows = await user`
    SELECT to_object, to_record_id FROM attio.links
    WHERE attribute = 'subject' AND to_record_id IN (${company}, ${person}) AND from_record_id IN (
      SELECT record_id FROM attio.projects WHERE record_id = ${project} OR name = 'by reference') ORDER BY 1`;
  expect([...rows]).toEqual([
    { to_object: "companies", to_record_id: company },
    { to_object: "people", to_record_id: person },
  ]);
});

it("members that are appended to or taken out of such a list keep their objects", async () => {
  const writing = await startWriting();
  const { user } = writing;
  const { project, person, company, second } = await readIds(writing);
  await user`UPDATE attio.projects SET subjects = ARRAY[${person}, ${company}]::uuid[] WHERE record_id = ${project}`;
  await expectPushed(writing);
  await user`UPDATE attio.projects SET subjects = array_append(subjects, ${second}) WHERE record_id = ${project}`;
  await expectPushed(writing);
  await user`UPDATE attio.projects SET subjects = array_remove(subjects, ${person}) WHERE record_id = ${project}`;
  await expectPushed(writing);
  const rows = await user`
    SELECT to_object, to_record_id FROM attio.links WHERE attribute = 'subjects' AND from_record_id = ${project}`;
  expect(new Set(rows.map(({ to_record_id: id }) => id as string))).toEqual(new Set([company, second]));
  expect(rows.every(({ to_object: object }) => object === "companies")).toBe(true);
});

it("a reference to a row that was inserted in the same transaction finds its object", async () => {
  const writing = await startWriting();
  const { user } = writing;
  const { project } = await readIds(writing);
  const id = crypto.randomUUID();
  await user.begin(async (tx) => {
    await tx`UPDATE attio.projects SET subject = ${id}, subjects = ARRAY[${id}]::uuid[] WHERE record_id = ${project}`;
    await tx`INSERT INTO attio.companies (record_id, name) VALUES (${id}, 'Just made')`;
  });
  await expectPushed(writing);
});

it("a reference to what nobody knows fails with the column that may name its object", async () => {
  const { user, push } = await startWriting({ patience: { ...SHORT_PATIENCE, referenceMs: 500 } });
  await user`INSERT INTO attio.projects (name, subject) VALUES ('lonely', ${crypto.randomUUID()})`;
  await push();
  const [change] = await user`SELECT status, error_code, error_message FROM attio.changes`;
  expect(change).toMatchObject({ status: "failed", error_code: "unknown_reference" });
  expect(change?.["error_message"]).toMatch(/^"subject" .* "subject_object/);
});
