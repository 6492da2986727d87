import { beforeAll, beforeEach, expect, it } from "vitest";
import { deliverEvents, drain } from "../support/live.ts";
import { startWriting, type Writing } from "../support/writing.ts";

let writing: Writing;
let settled: () => Promise<void>;

beforeAll(async () => {
  writing = await startWriting({
    seed: { people: 20, companies: 10, deals: 5, seed: 4 },
    mirror: { life: "file" },
    resources: ["notes"],
  });
  ({ settled } = deliverEvents(writing.mirror));
  await writing.user.unsafe(`
    CREATE SCHEMA app;
    CREATE TABLE app.audit (n int GENERATED ALWAYS AS IDENTITY, event text);
    CREATE FUNCTION app.note() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN INSERT INTO app.audit (event) VALUES (TG_TABLE_NAME || '' '' || TG_OP); RETURN NULL; END'`);
  for (const table of ["deals", "people", "notes"])
    await writing.user.unsafe(
      `CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON attio.${table} FOR EACH ROW EXECUTE FUNCTION app.note()`,
    );
});

beforeEach(() => writing.user`TRUNCATE app.audit`);

/** What a user's audit trigger saw. */
async function events(): Promise<string[]> {
  const rows = await writing.user<{ event: string }[]>`SELECT event FROM app.audit ORDER BY n`;
  return rows.map(({ event }) => event);
}

it("a push writes the row once, after an INSERT and after an UPDATE", async () => {
  const { user, push } = writing;
  const [made] = await user<{ id: string }[]>`
    INSERT INTO attio.deals (name, stage, owner)
    SELECT 'Audited', 'Lead', workspace_member_id FROM attio.workspace_members LIMIT 1 RETURNING record_id AS id`;
  await push();
  expect(await events()).toEqual(["deals INSERT", "deals UPDATE"]);
  await user`UPDATE attio.deals SET name = 'Audited again' WHERE record_id = attio.current_id(${made?.id ?? ""})`;
  await push();
  expect((await events()).slice(2)).toEqual(["deals UPDATE", "deals UPDATE"]);
  const [row] = await user`
    SELECT name, _hash IS NOT NULL AS hashed, _synced_at IS NOT NULL AS synced FROM attio.deals
    WHERE record_id = attio.current_id(${made?.id ?? ""})`;
  expect(row).toEqual({ name: "Audited again", hashed: true, synced: true });
});

it("a push of a note writes its row once", async () => {
  const { user, push, mirror } = writing;
  const company = mirror.sandbox.store.records("companies")[0]?.id ?? "";
  await user`
    INSERT INTO attio.notes (parent_object, parent_record_id, title, content_markdown)
    VALUES ('companies', ${company}, 'Audited', 'Call')`;
  await push();
  expect(await events()).toEqual(["notes INSERT", "notes UPDATE"]);
});

it("where the row is here already, it is written once and the provisional one deleted", async () => {
  const { user, push, mirror } = writing;
  const email = ["audited@here.com"];
  const there = mirror.sandbox.store.createRecord("people", { name: "Audited", email_addresses: email });
  await settled();
  await drain(mirror);
  await user`TRUNCATE app.audit`;
  await user`INSERT INTO attio.people (name, email_addresses, job_title) VALUES ('Audited', ${email}, 'Captain')`;
  await push();
  expect((await events()).toSorted()).toEqual(["people DELETE", "people INSERT", "people UPDATE"]);
  expect([...(await user`SELECT record_id, job_title FROM attio.people WHERE name = 'Audited'`)]).toEqual([
    { record_id: there.id, job_title: "Captain" },
  ]);
});

it("a change whose answer brings nothing new raises the row's number all the same", async () => {
  const { user, push, mirror } = writing;
  const [deal] = await user<{ id: string; name: string; seq: string }[]>`
    SELECT record_id AS id, name, _fetch_seq AS seq FROM attio.deals ORDER BY 1 LIMIT 1`;
  const id = deal?.id ?? "";
  // Written here and given back at once: Attio has it already.
  await user`UPDATE attio.deals SET name = 'Other' WHERE record_id = ${id}`;
  await user`UPDATE attio.deals SET name = ${deal?.name ?? ""} WHERE record_id = ${id}`;
  await push();
  const [row] = await mirror.db.sql<{ seq: number; name: string }[]>`
    SELECT _fetch_seq AS seq, name FROM attio.deals WHERE record_id = ${id}`;
  expect(row?.name).toBe(deal?.name);
  expect(row?.seq).toBeGreaterThan(Number(deal?.seq));
  expect((await events()).length).toBe(3);
});
