import type postgres from "postgres";
import { expect, it } from "vitest";
import { discardChanges, retryChanges } from "../../src/sync/push/resolve-changes.ts";
import { deliverEvents, drain } from "../support/live.ts";
import { findDifferences } from "../support/oracle.ts";
import { pushAll, startPusher, startWriting } from "../support/writing.ts";

async function states(user: postgres.Sql): Promise<unknown[][]> {
  const rows = await user<{ operation: string; status: string; error_code: string | null }[]>`
    SELECT operation, status, error_code FROM attio.changes ORDER BY id`;
  return rows.map(({ operation, status, error_code }) => [operation, status, error_code]);
}

it("an edit, an insert and a delete arrive in Attio, and the mirror equals it", async () => {
  const { mirror, user, push } = await startWriting();
  const [person, other] = await user<{ record_id: string }[]>`SELECT record_id FROM attio.people LIMIT 2`;
  await user`UPDATE attio.people SET job_title = 'Captain' WHERE record_id = ${person?.record_id ?? ""}`;
  await user`DELETE FROM attio.people WHERE record_id = ${other?.record_id ?? ""}`;
  await user`INSERT INTO attio.companies (name, domains) VALUES ('Fresh', ARRAY['fresh-company.com'])`;
  await push();
  expect(await states(user)).toEqual([
    ["update", "pushed", null],
    ["delete", "pushed", null],
    ["insert", "pushed", null],
  ]);
  const { store } = mirror.sandbox;
  expect(store.records("companies").length).toBe(11);
  expect(store.records("people").length).toBe(19);
  await drain(mirror);
  expect(await findDifferences(mirror.sandbox, mirror.db.sql, { resources: [] })).toEqual([]);
});

it("unknown reference: a new company and a person that points at it arrive connected, in either order", async () => {
  const { mirror, user, push } = await startWriting();
  const [first, second] = [crypto.randomUUID(), crypto.randomUUID()];
  await user.begin(async (tx) => {
    await tx`INSERT INTO attio.companies (record_id, name) VALUES (${first}, 'First')`;
    await tx`INSERT INTO attio.people (job_title, company) VALUES ('one', ${first})`;
    await tx`INSERT INTO attio.people (job_title, company) VALUES ('two', ${second})`;
    await tx`INSERT INTO attio.companies (record_id, name) VALUES (${second}, 'Second')`;
  });
  await push();
  const rows = await user`
    SELECT p.job_title, c.name FROM attio.people p JOIN attio.companies c ON c.record_id = p.company
    WHERE p.job_title IN ('one', 'two') ORDER BY 1`;
  expect([...rows]).toEqual([
    { job_title: "one", name: "First" },
    { job_title: "two", name: "Second" },
  ]);
  const [map] =
    await user`SELECT attio.current_id(${first}) = record_id AS same FROM attio.companies WHERE name = 'First'`;
  expect(map).toEqual({ same: true });
  await drain(mirror);
  expect(await findDifferences(mirror.sandbox, mirror.db.sql, { resources: [] })).toEqual([]);
});

it("one refused row of many holds up nothing but itself", async () => {
  const { user, push } = await startWriting();
  const rows = await user<{ record_id: string }[]>`SELECT record_id FROM attio.deals ORDER BY 1`;
  await user`UPDATE attio.deals SET stage = 'No such stage' WHERE record_id = ${rows[0]?.record_id ?? ""}`;
  await user`UPDATE attio.deals SET name = name || ' II' WHERE record_id <> ${rows[0]?.record_id ?? ""}`;
  await push();
  const after = await states(user);
  expect(after.filter(([, status]) => status === "pushed").length).toBe(rows.length - 1);
  expect(after.filter(([, status]) => status === "failed")).toEqual([
    ["update", "failed", "value_not_found"],
  ]);
});

it("a value that was written here is not undone by what Attio had before", async () => {
  const { mirror, user, push } = await startWriting();
  const { settled } = deliverEvents(mirror);
  const [person] = await user<{ record_id: string }[]>`SELECT record_id FROM attio.people LIMIT 1`;
  const id = person?.record_id ?? "";
  await user`UPDATE attio.people SET job_title = 'Mine' WHERE record_id = ${id}`;
  mirror.sandbox.store.updateRecord("people", id, { description: "theirs" });
  await settled();
  await drain(mirror);
  const read = () => user`SELECT job_title, description FROM attio.people WHERE record_id = ${id}`;
  expect([...(await read())]).toEqual([{ job_title: "Mine", description: "theirs" }]);
  await push();
  await settled();
  await drain(mirror);
  expect([...(await read())]).toEqual([{ job_title: "Mine", description: "theirs" }]);
  expect(await findDifferences(mirror.sandbox, mirror.db.sql, { resources: [] })).toEqual([]);
});

it("latest: each policy decides what becomes of a value that both sides changed, and says so", async () => {
  const { mirror, user } = await startWriting();
  // Of `latest`, how much older Attio's value is decides; two values of the same time are Attio's to keep.
  const cases = [
    { policy: "attio", ageMs: 0, value: "theirs", winner: "attio" },
    { policy: "local", ageMs: 0, value: "ours", winner: "local" },
    { policy: "manual", ageMs: 0, value: "ours", winner: "none" },
    { policy: "latest", ageMs: -10_000, value: "ours", winner: "local" },
    { policy: "latest", ageMs: 10_000, value: "theirs", winner: "attio" },
    { policy: "latest", ageMs: 500, value: "theirs", winner: "attio" },
  ] as const;
  const people = await user<
    { record_id: string }[]
  >`SELECT record_id FROM attio.people LIMIT ${cases.length}`;
  const outcomes: unknown[] = [];
  for (const [index, { policy, ageMs }] of cases.entries()) {
    const id = people[index]?.record_id ?? "";
    await user`UPDATE attio.people SET job_title = 'ours' WHERE record_id = ${id}`;
    const at = new Date(Date.now() + ageMs).toISOString();
    mirror.sandbox.store.updateRecord("people", id, { job_title: "theirs" }, { at });
    await pushAll(mirror, startPusher(mirror, { policy }));
    const [row] = await user<
      { job_title: string }[]
    >`SELECT job_title FROM attio.people WHERE record_id = ${id}`;
    const [conflict] = await mirror.db.sql<{ winner: string; base: object; local: object; remote: object }[]>`
      SELECT winner, base, local, remote FROM attio_sync.conflicts WHERE record_id = ${id} AND attribute = 'job_title'`;
    expect(conflict).toMatchObject({ local: { job_title: "ours" }, remote: { job_title: "theirs" } });
    outcomes.push({ policy, ageMs, value: row?.job_title, winner: conflict?.winner });
  }
  expect(outcomes).toEqual(cases);
});

it("a change that was given up gives Attio's value back; one that failed is pushed once it is mended", async () => {
  const { mirror, user, push } = await startWriting();
  const [deal] = await user<
    { record_id: string; stage: string }[]
  >`SELECT record_id, stage FROM attio.deals LIMIT 1`;
  const id = deal?.record_id ?? "";
  await user`UPDATE attio.deals SET stage = 'No such stage' WHERE record_id = ${id}`;
  await push();
  const [change] = await user<{ id: string; status: string }[]>`SELECT id, status FROM attio.changes`;
  expect(change?.status).toBe("failed");
  expect(await discardChanges(mirror.db, [Number(change?.id)])).toEqual({ ids: [Number(change?.id)] });
  await drain(mirror);
  const [row] = await user`SELECT stage FROM attio.deals WHERE record_id = ${id}`;
  expect(row).toEqual({ stage: deal?.stage });
  // What never was in Attio has no history there.
  expect(
    await user`SELECT value FROM attio.value_history WHERE record_id = ${id} AND value = '"No such stage"'`,
  ).toEqual([]);
  expect(await findDifferences(mirror.sandbox, mirror.db.sql, { resources: [] })).toEqual([]);
});

it("insert, then delete: before it is sent it costs no request", async () => {
  const { mirror, user, push } = await startWriting();
  const before = mirror.sandbox.log.count({ kind: "write" });
  await user`INSERT INTO attio.deals (name) VALUES ('Short-lived')`;
  await user`DELETE FROM attio.deals WHERE name = 'Short-lived'`;
  await push();
  expect(mirror.sandbox.log.count({ kind: "write" })).toBe(before);
  expect(await states(user)).toEqual([
    ["insert", "discarded", "cancelled"],
    ["delete", "discarded", "cancelled"],
  ]);
});

it("no If-Match: concurrent additions to one list survive on both sides, and what was removed here goes", async () => {
  const { mirror, user, push } = await startWriting();
  const [person] = await user<{ record_id: string }[]>`SELECT record_id FROM attio.people LIMIT 1`;
  const id = person?.record_id ?? "";
  await user`UPDATE attio.people SET email_addresses = ARRAY['a@one-list.com', 'b@one-list.com'] WHERE record_id = ${id}`;
  await push();
  await user`
    UPDATE attio.people SET email_addresses = ARRAY['a@one-list.com', 'ours@one-list.com'] WHERE record_id = ${id}`;
  mirror.sandbox.store.updateRecord("people", id, {
    email_addresses: ["a@one-list.com", "b@one-list.com", "theirs@one-list.com"],
  });
  await push();
  const [row] = await user<{ email_addresses: string[] }[]>`
    SELECT email_addresses FROM attio.people WHERE record_id = ${id}`;
  expect(row?.email_addresses.toSorted()).toEqual([
    "a@one-list.com",
    "ours@one-list.com",
    "theirs@one-list.com",
  ]);
});

it("blast radius out: so many deletes at once are held until they are allowed", async () => {
  const { mirror, user, push } = await startWriting();
  for (let index = 0; index < 150; index++) mirror.sandbox.store.createRecord("people", {});
  await mirror.backfill({ streams: ["people"] });
  const writes = mirror.sandbox.log.count({ kind: "write" });
  await user`DELETE FROM attio.people`;
  await push();
  expect(mirror.sandbox.log.count({ kind: "write" })).toBe(writes);
  await drain(mirror);
  const [left] = await user`SELECT count(*)::int AS rows FROM attio.people`;
  expect(left).toEqual({ rows: 0 });
  expect(new Set((await states(user)).map(String))).toEqual(new Set(["delete,failed,too_many_deletes"]));
  await retryChanges(mirror.db, [], { allowBulk: true });
  await push();
  expect(mirror.sandbox.store.records("people").length).toBe(0);
});

it("of a thousand changed rows one poisoned row stays, with its reason, and is pushed once it is mended", async () => {
  const { mirror, user, push } = await startWriting();
  const { store } = mirror.sandbox;
  for (let row = 0; row < 1_000; row++) store.createRecord("companies", { name: `Row ${row}` });
  await mirror.backfill({ streams: ["companies"] });
  await user`UPDATE attio.companies SET description = 'changed', employee_range = CASE name WHEN 'Row 500' THEN '12 or so' END
             WHERE name LIKE 'Row %'`;
  await push();
  const [failed] = await user<{ id: string; error_code: string; error_message: string }[]>`
    SELECT id, error_code, error_message FROM attio.changes WHERE status = 'failed'`;
  expect(failed).toMatchObject({ error_code: "value_not_found" });
  expect(failed?.error_message).toContain("12 or so");
  const [pushed] = await user`SELECT count(*)::int AS rows FROM attio.changes WHERE status = 'pushed'`;
  expect(pushed).toEqual({ rows: 999 });
  store.createOption("companies", "employee_range", "12 or so");
  const id = Number(failed?.id);
  expect(await retryChanges(mirror.db, [id], { allowBulk: false })).toEqual({ ids: [id], onHold: [] });
  await push();
  await mirror.syncSchema();
  await drain(mirror);
  const [row] = await user`SELECT employee_range FROM attio.companies WHERE name = 'Row 500'`;
  expect(row).toEqual({ employee_range: "12 or so" });
  expect(
    await findDifferences(mirror.sandbox, mirror.db.sql, { sources: ["companies"], resources: [] }),
  ).toEqual([]);
});
