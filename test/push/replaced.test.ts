import { beforeAll, expect, it } from "vitest";
import { retryChanges } from "../../src/sync/push/resolve-changes.ts";
import { deliverEvents, drain } from "../support/live.ts";
import { findDifferences } from "../support/oracle.ts";
import { SHORT_PATIENCE, startWriting, type Writing } from "../support/writing.ts";

let writing: Writing;
let settled: () => Promise<void>;

beforeAll(async () => {
  writing = await startWriting({
    patience: SHORT_PATIENCE,
    seed: { people: 12, companies: 6, deals: 6, seed: 4 },
    mirror: { life: "file" },
  });
  ({ settled } = deliverEvents(writing.mirror));
});

async function statusesOf(id: string): Promise<(string | null)[][]> {
  const rows = await writing.user<{ operation: string; status: string; error_code: string | null }[]>`
    SELECT operation, status, error_code FROM attio.changes
    WHERE record_id IN (${id}, attio.current_id(${id})) ORDER BY id`;
  return rows.map(({ operation, status, error_code: code }) => [operation, status, code]);
}

async function expectEqual(): Promise<void> {
  const { mirror } = writing;
  await settled();
  await drain(mirror);
  expect(await findDifferences(mirror.sandbox, mirror.db.sql, { resources: [] })).toEqual([]);
}

const INSERT = {
  deals: (id: string) => writing.user`
      INSERT INTO attio.deals (record_id, name, stage, owner)
      SELECT ${id}, 'Replaced', 'Lead', workspace_member_id FROM attio.workspace_members LIMIT 1`,
  people: (id: string) => writing.user`
      INSERT INTO attio.people (record_id, name, email_addresses) VALUES (${id}, 'Replaced', '{replaced@made-once.com}')`,
};

it.each(["deals", "people"] as const)(
  "deleted and inserted again: of %s the first is gone from Attio, and the second is another record",
  async (object) => {
    const { mirror, user, push } = writing;
    const { store } = mirror.sandbox;
    const table = user(`attio.${object}`);
    const [row] = await user<{ id: string }[]>`SELECT record_id AS id FROM ${table} LIMIT 1`;
    const id = row?.id ?? "";
    const before = store.records(object).length;
    await user`UPDATE ${table} SET name = 'Before' WHERE record_id = ${id}`;
    await user`DELETE FROM ${table} WHERE record_id = ${id}`;
    await INSERT[object](id);
    await push();
    expect(await statusesOf(id)).toEqual([
      ["update", "pushed", null],
      ["delete", "pushed", null],
      ["insert", "pushed", null],
    ]);
    const [ids] = await user`
      SELECT array_agg(operation || ' ' || (record_id = ${id})::text ORDER BY id) AS noted FROM attio.changes
      WHERE record_id IN (${id}, attio.current_id(${id}))`;
    expect(ids).toEqual({ noted: ["update true", "delete true", "insert false"] });
    expect(store.records(object).length).toBe(before);
    expect(store.records(object).map((record) => record.id)).not.toContain(id);
    const [now] = await user<{ id: string }[]>`SELECT record_id AS id FROM ${table} WHERE name = 'Replaced'`;
    expect(store.records(object).map((record) => record.id)).toContain(now?.id);
    // An older page that has the first one does not bring it back.
    const graves = await mirror.db
      .sql`SELECT FROM attio_sync.tombstones WHERE stream = ${object} AND id = ${id}`;
    expect(graves.length).toBe(1);
    await expectEqual();
  },
);

it("deleted and inserted again: nothing is made while Attio refuses to delete the first", async () => {
  const { mirror, user, push } = writing;
  const { store, faults } = mirror.sandbox;
  const [row] = await user<{ id: string }[]>`SELECT record_id AS id FROM attio.deals LIMIT 1`;
  const id = row?.id ?? "";
  const before = store.records("deals").length;
  const fault = faults.add({ kind: "status", status: 400, method: "DELETE", path: id, times: 1 });
  await user`DELETE FROM attio.deals WHERE record_id = ${id}`;
  await INSERT.deals(id);
  await push();
  expect(fault.hits).toBe(1);
  expect((await statusesOf(id)).map(([, status]) => status)).toEqual(["failed", "failed"]);
  expect(store.records("deals").length).toBe(before);
  expect(store.records("deals").map((record) => record.id)).toContain(id);
  await retryChanges(mirror.db, [], { allowBulk: false });
  await push();
  expect(store.records("deals").length).toBe(before);
  expect(store.records("deals").map((record) => record.id)).not.toContain(id);
  await expectEqual();
});

it("refused inserts that point at each other rest until they are mended, and are connected then", async () => {
  const { mirror, user, push } = writing;
  const { store, log } = mirror.sandbox;
  const [company, deal] = [crypto.randomUUID(), crypto.randomUUID()];
  await user`INSERT INTO attio.companies (record_id, name, employee_range) VALUES (${company}, 'Refused', 'A few')`;
  await user`
    INSERT INTO attio.deals (record_id, name, stage, associated_company, owner)
    SELECT ${deal}, 'Refused', 'Nonsense', ${company}, workspace_member_id FROM attio.workspace_members LIMIT 1`;
  await push();
  const refused = [["insert", "failed", "value_not_found"]];
  expect(await statusesOf(company)).toEqual(refused);
  expect(await statusesOf(deal)).toEqual(refused);
  const writes = log.count({ kind: "write" });
  await push();
  expect(log.count({ kind: "write" })).toBe(writes);

  await user`UPDATE attio.deals SET stage = 'Lead' WHERE record_id = ${deal}`;
  await user`UPDATE attio.companies SET employee_range = '11-50' WHERE record_id = ${company}`;
  await push();
  const [row] = await user<{ id: string; company: string }[]>`
    SELECT record_id AS id, associated_company AS company FROM attio.deals WHERE name = 'Refused'`;
  expect(store.records("companies").map(({ id }) => id)).toContain(row?.company);
  expect(store.records("deals").map(({ id }) => id)).toContain(row?.id);
  await expectEqual();
});

it("a row that points at itself, or at one that exists and at one that points back, is made and connected", async () => {
  const { mirror, user, push } = writing;
  const { store } = mirror.sandbox;
  store.createAttribute("companies", {
    slug: "circle",
    type: "record-reference",
    isMultiselect: true,
    allowedObjects: ["companies"],
  });
  await mirror.syncSchema();
  const existing = store.records("companies")[0]?.id ?? "";
  const [own, one, other] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
  await user`INSERT INTO attio.companies (record_id, name, circle) VALUES (${own}, 'Own', ${[own]})`;
  await user`INSERT INTO attio.companies (record_id, name, circle) VALUES (${one}, 'One', ${[existing, other]})`;
  await user`INSERT INTO attio.companies (record_id, name, circle) VALUES (${other}, 'Other', ${[one]})`;
  await push();
  const rows = await user<{ name: string; names: string[] }[]>`
    SELECT c.name, (SELECT array_agg(t.name ORDER BY t.name) FROM attio.companies t WHERE t.record_id = ANY(c.circle)) AS names
    FROM attio.companies c WHERE c.name IN ('Own', 'One', 'Other') ORDER BY 1`;
  const [kept] = await user<
    { name: string }[]
  >`SELECT name FROM attio.companies WHERE record_id = ${existing}`;
  expect([...rows]).toEqual([
    { name: "One", names: [kept?.name, "Other"].toSorted() },
    { name: "Other", names: ["One"] },
    { name: "Own", names: ["Own"] },
  ]);
  await expectEqual();
});
