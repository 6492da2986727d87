import { beforeAll, expect, it } from "vitest";
import { parkChanges } from "../../src/db/queries/park-changes.ts";
import { transact } from "../../src/db/tx.ts";
import { retryChanges } from "../../src/sync/push/resolve-changes.ts";
import { drain } from "../support/live.ts";
import { findDifferences } from "../support/oracle.ts";
import { startWriting, type Writing } from "../support/writing.ts";

let writing: Writing;
let deals: string[];

beforeAll(async () => {
  // Under this policy a base that is not Attio's value loses what was written here.
  writing = await startWriting({
    policy: "attio",
    seed: { people: 20, companies: 10, deals: 12, seed: 4 },
    mirror: { life: "file" },
  });
  const { user } = writing;
  deals = (await user<{ id: string }[]>`SELECT record_id AS id FROM attio.deals ORDER BY 1`).map(
    ({ id }) => id,
  );
});

/** A deal of a test's own. */
function aDeal(): string {
  const id = deals.pop();
  if (id === undefined) throw new Error("no deals are left");
  return id;
}

async function changesOf(id: string): Promise<unknown[][]> {
  const rows = await writing.user<
    { operation: string; changes: unknown; status: string; error_code: string | null }[]
  >`
    SELECT operation, changes, status, error_code FROM attio.changes
    WHERE record_id = attio.current_id(${id}) ORDER BY id`;
  return rows.map(({ operation, changes, status, error_code }) => [operation, changes, status, error_code]);
}

/** What Attio has now of a deal. */
function there(id: string, slug: string): unknown {
  const { store } = writing.mirror.sandbox;
  const [value] = store.values(store.record("deals", id), slug).active;
  const fields = value?.fields as Record<string, unknown> | undefined;
  const status = fields?.["status"];
  if (typeof status === "string") return store.choice("deals", slug, status).title;
  return fields?.["value"] ?? fields?.["currency_value"] ?? null;
}

async function expectNoConflicts(id: string): Promise<void> {
  const conflicts = await writing.mirror.db.sql`SELECT FROM attio_sync.conflicts WHERE record_id = ${id}`;
  expect(conflicts.length).toBe(0);
}

it("failed, then edited: a later change of a column takes the place of one that failed", async () => {
  const { user, push } = writing;
  const id = aDeal();
  await user`UPDATE attio.deals SET stage = 'Nonsense' WHERE record_id = ${id}`;
  await push();
  await user`UPDATE attio.deals SET stage = 'Won 🎉' WHERE record_id = ${id}`;
  await push();
  expect(await changesOf(id)).toEqual([
    ["update", { stage: "Nonsense" }, "discarded", "superseded"],
    ["update", { stage: "Won 🎉" }, "pushed", null],
  ]);
  expect(there(id, "stage")).toBe("Won 🎉");
  await expectNoConflicts(id);
});

it("other columns go without what failed, which keeps those that were not written again", async () => {
  const { user, push, mirror } = writing;
  const id = aDeal();
  await user`UPDATE attio.deals SET stage = 'Nonsense', name = 'First' WHERE record_id = ${id}`;
  await push();
  await user`UPDATE attio.deals SET value = 815 WHERE record_id = ${id}`;
  await user`UPDATE attio.deals SET name = 'Second' WHERE record_id = ${id}`;
  await push();
  expect(await changesOf(id)).toEqual([
    ["update", { stage: "Nonsense" }, "failed", "value_not_found"],
    ["update", { value: 815 }, "pushed", null],
    ["update", { name: "Second" }, "pushed", null],
  ]);
  expect([there(id, "value"), there(id, "name")]).toEqual([815, "Second"]);
  // What failed is still shown in its row, and not undone by what Attio has.
  await mirror.backfill({ streams: ["deals"] });
  await drain(mirror);
  const [row] = await user`SELECT name, stage FROM attio.deals WHERE record_id = ${id}`;
  expect(row).toEqual({ name: "Second", stage: "Nonsense" });
  await expectNoConflicts(id);
});

it("a change that takes the place of another may fail or be tried again itself: no conflict comes of it", async () => {
  const { user, push, mirror } = writing;
  const id = aDeal();
  await user`UPDATE attio.deals SET stage = 'Nonsense' WHERE record_id = ${id}`;
  await push();
  await user`UPDATE attio.deals SET stage = 'More nonsense' WHERE record_id = ${id}`;
  await push();
  const fault = mirror.sandbox.faults.add({
    kind: "status",
    status: 503,
    method: "PATCH",
    path: id,
    times: 20,
  });
  await user`UPDATE attio.deals SET stage = 'Won 🎉' WHERE record_id = ${id}`;
  await writing.pusher.run();
  expect(fault.hits).toBeGreaterThan(0);
  fault.remove();
  await push();
  expect((await changesOf(id)).map(([, , status]) => status)).toEqual(["discarded", "discarded", "pushed"]);
  expect(there(id, "stage")).toBe("Won 🎉");
  await expectNoConflicts(id);
});

it("a change to an insert that failed sends the insert again, made whole by it", async () => {
  const { user, push, mirror } = writing;
  const { store } = mirror.sandbox;
  const id = crypto.randomUUID();
  await user`INSERT INTO attio.companies (record_id, name, employee_range) VALUES (${id}, 'Again', 'A few')`;
  await push();
  expect((await changesOf(id)).map(([, , ...end]) => end)).toEqual([["failed", "value_not_found"]]);
  const companies = store.records("companies").length;
  await user`UPDATE attio.companies SET employee_range = '11-50' WHERE record_id = ${id}`;
  await push();
  expect((await changesOf(id)).map(([operation, , ...end]) => [operation, ...end])).toEqual([
    ["insert", "pushed", null],
    ["update", "pushed", null],
  ]);
  expect(store.records("companies").length).toBe(companies + 1);
  const [row] = await user`SELECT employee_range FROM attio.companies WHERE name = 'Again'`;
  expect(row).toEqual({ employee_range: "11-50" });
});

it("an insert that failed and is deleted costs no request", async () => {
  const { user, push, mirror } = writing;
  const id = crypto.randomUUID();
  await user`INSERT INTO attio.companies (record_id, name, employee_range) VALUES (${id}, 'Gone', 'A few')`;
  await push();
  const writes = mirror.sandbox.log.count({ kind: "write" });
  await user`DELETE FROM attio.companies WHERE record_id = ${id}`;
  await push();
  expect(mirror.sandbox.log.count({ kind: "write" })).toBe(writes);
  expect((await changesOf(id)).map(([, , ...end]) => end)).toEqual([
    ["discarded", "cancelled"],
    ["discarded", "cancelled"],
  ]);
});

it.each(["copied_database", "other_workspace"])(
  "an edit of a row whose insert is parked as %s waits with it, until both are retried",
  async (code) => {
    const { user, push, pusher, mirror } = writing;
    const { log } = mirror.sandbox;
    const name = `Parked as ${code}`;
    await user`INSERT INTO attio.companies (name) VALUES (${name})`;
    await transact(mirror.db.sql, (tx) => parkChanges(tx, { code, message: "parked" }));
    const writes = log.count({ kind: "write" });
    await user`UPDATE attio.companies SET description = 'edited' WHERE name = ${name}`;
    await pusher.run();
    const states = async () => [
      ...(await user`
        SELECT operation, status, error_code FROM attio.changes
        WHERE record_id = (SELECT record_id FROM attio.companies WHERE name = ${name}) ORDER BY id`),
    ];
    const parked = (operation: string) => ({ operation, status: "failed", error_code: code });
    expect(await states()).toEqual([parked("insert"), parked("update")]);
    // Retried alone, the edit goes on waiting.
    const [edit] = await user<{ id: string }[]>`SELECT max(id) AS id FROM attio.changes`;
    await retryChanges(mirror.db, [Number(edit?.id)], { allowBulk: false });
    await pusher.run();
    expect(await states()).toEqual([parked("insert"), parked("update")]);
    expect(log.count({ kind: "write" })).toBe(writes);
    const open = await user<{ id: string }[]>`SELECT id FROM attio.changes WHERE error_code = ${code}`;
    await mirror.db.sql`UPDATE attio_sync.outbox SET attempted_at = attempted_at - interval '1 minute'`;
    await retryChanges(
      mirror.db,
      open.map(({ id }) => Number(id)),
      { allowBulk: false },
    );
    await push();
    expect((await states()).map((one) => one["status"] as string)).toEqual(["pushed", "pushed"]);
    const [row] = await user`SELECT description FROM attio.companies WHERE name = ${name}`;
    expect(row).toEqual({ description: "edited" });
  },
);

it("the mirror equals Attio but for what failed", async () => {
  const { mirror } = writing;
  await drain(mirror);
  expect(
    await findDifferences(mirror.sandbox, mirror.db.sql, { sources: ["companies"], resources: [] }),
  ).toEqual([]);
});
