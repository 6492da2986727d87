import { beforeAll, expect, test } from "vitest";
import { createColleagues } from "../../src/sandbox/index.ts";
import { deliverEvents, drain, marksLeft } from "../support/live.ts";
import { startMirror, type Mirror } from "../support/mirror.ts";
import { findDifferences } from "../support/oracle.ts";

const SEED = { seed: { people: 12, companies: 6, deals: 6, seed: 7 } };

let mirror: Mirror;
let settled: () => Promise<void>;

beforeAll(async () => {
  mirror = await startMirror({ sandbox: SEED, life: "file" });
  await mirror.backfill();
  ({ settled } = deliverEvents(mirror));
});

test("created, changed and deleted records arrive by their events alone", async () => {
  const { store } = mirror.sandbox;
  const company = store.createRecord("companies", { name: "New Ltd", domains: ["new.example.com"] });
  const [person, other] = store.records("people");
  if (person === undefined || other === undefined) throw new Error("no people");
  store.updateRecord("people", person.id, {
    job_title: "Head of Everything",
    company: { target_object: "companies", target_record_id: company.id },
  });
  store.deleteRecord("people", other.id);
  await settled();
  await drain(mirror);

  expect(await findDifferences(mirror.sandbox, mirror.db.sql)).toEqual([]);
  expect(await marksLeft(mirror.db.sql)).toEqual({});
});

test("a merge leaves the new record and everything that pointed at the originals equal", async () => {
  const { store } = mirror.sandbox;
  const [first, second] = store.records("companies");
  if (first === undefined || second === undefined) throw new Error("no companies");
  const merged = store.mergeRecords("companies", first.id, second.id);
  await settled();
  await drain(mirror);

  expect(await findDifferences(mirror.sandbox, mirror.db.sql)).toEqual([]);
  const rows = await mirror.db.sql`SELECT old_record_id, record_id FROM attio.merged_records ORDER BY 1`;
  expect(rows.map((row) => row.record_id as string)).toEqual([merged.id, merged.id]);
});

test("many events on one record cost one read, and one more for the second look", async () => {
  const { store } = mirror.sandbox;
  const [person] = store.records("people");
  if (person === undefined) throw new Error("no people");
  for (let i = 0; i < 200; i++) store.updateRecord("people", person.id, { job_title: `Title ${i}` });
  await settled();
  mirror.sandbox.log.clear();
  await drain(mirror);

  expect(mirror.sandbox.log.count({ path: /records\/query/ })).toBeLessThanOrEqual(2);
  expect(
    await findDifferences(mirror.sandbox, mirror.db.sql, { sources: ["people"], resources: [] }),
  ).toEqual([]);
});

test.each([1, 2])("whatever colleagues do, the mirror is equal once it is quiet (seed %i)", async (seed) => {
  const colleagues = createColleagues(mirror.sandbox.store, { seed });
  for (let round = 0; round < 3; round++) {
    colleagues.work(40);
    await settled();
    await drain(mirror);
  }
  await mirror.syncSchema();
  expect(await findDifferences(mirror.sandbox, mirror.db.sql)).toEqual([]);
  expect(await marksLeft(mirror.db.sql)).toEqual({});
});

test("a change is kept with its time and actor, and the value before it", async () => {
  const { store } = mirror.sandbox;
  const [deal] = store.records("deals");
  if (deal === undefined) throw new Error("no deals");
  store.updateRecord("deals", deal.id, { name: "First" });
  await settled();
  await drain(mirror);
  store.updateRecord("deals", deal.id, { name: "Second" });
  await settled();
  await drain(mirror);

  const history = await mirror.db.sql`
    SELECT value #>> '{}' AS value, active_from IS NOT NULL AS dated, active_until IS NULL AS open, gap
    FROM attio.value_history WHERE object = 'deals' AND record_id = ${deal.id} AND attribute = 'name' ORDER BY id`;
  expect(history.slice(-2)).toEqual([
    { value: "First", dated: true, open: false, gap: false },
    { value: "Second", dated: true, open: true, gap: false },
  ]);
});
