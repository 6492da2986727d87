import { beforeAll, describe, expect, it } from "vitest";
import { retryChanges } from "../../src/sync/push/resolve-changes.ts";
import { drain } from "../support/live.ts";
import { findDifferences } from "../support/oracle.ts";
import { startWriting, type Writing } from "../support/writing.ts";

let soft: Writing;
let hard: Writing;

beforeAll(async () => {
  const seed = { people: 20, companies: 10, deals: 8, seed: 4 };
  soft = await startWriting({ seed, mirror: { deleteMode: "soft", life: "file" } });
  hard = await startWriting({ seed, mirror: { life: "file" } });
});

/** Rows that no test has deleted yet. */
async function living({ user }: Writing, table: string, key = "record_id"): Promise<string[]> {
  const rows = await user<{ id: string }[]>`
    SELECT ${user(key)} AS id FROM ${user(`attio.${table}`)} WHERE _deleted_at IS NULL ORDER BY 1`;
  return rows.map(({ id }) => id);
}

async function changesOf({ user }: Writing, id: string): Promise<unknown[][]> {
  const rows = await user<{ operation: string; status: string; error_code: string | null }[]>`
    SELECT operation, status, error_code FROM attio.changes WHERE record_id = ${id} ORDER BY id`;
  return rows.map(({ operation, status, error_code }) => [operation, status, error_code]);
}

async function deletedAt({ user }: Writing, id: string): Promise<Date | null | undefined> {
  const [row] = await user<{ at: Date | null }[]>`
    SELECT _deleted_at AS at FROM attio.people WHERE record_id = ${id}`;
  return row?.at;
}

describe("where a DELETE leaves the row", () => {
  it("a deleted record is gone in Attio, and its row stays with the time of its deletion", async () => {
    const { user, push, mirror } = soft;
    const [person = "", kept = ""] = await living(soft, "people");
    const [entry = ""] = await living(soft, "list_sales", "entry_id");
    const { job_title: title } =
      (await user`SELECT job_title FROM attio.people WHERE record_id = ${person}`)[0] ?? {};
    await user`DELETE FROM attio.people WHERE record_id = ${person}`;
    await user`DELETE FROM attio.list_sales WHERE entry_id = ${entry}`;
    const at = await deletedAt(soft, person);
    expect(at).toBeInstanceOf(Date);
    expect(await changesOf(soft, person)).toEqual([["delete", "pending", null]]);
    // A look at it meanwhile does not bring it back.
    await mirror.db.sql`
      INSERT INTO attio_sync.dirty (stream, id, reason) VALUES ('people', ${person}, 'test'), ('people', ${kept}, 'test')`;
    await drain(mirror);
    expect(await deletedAt(soft, person)).toEqual(at);
    await push();
    expect(await changesOf(soft, person)).toEqual([["delete", "pushed", null]]);
    expect(await changesOf(soft, entry)).toEqual([["delete", "pushed", null]]);
    const { store } = mirror.sandbox;
    expect(store.records("people").some(({ id }) => id === person)).toBe(false);
    expect(store.entries("sales").some(({ id }) => id === entry)).toBe(false);
    await mirror.backfill({ streams: ["people", "list:sales"] });
    await drain(mirror);
    const [row] = await user`SELECT job_title, _deleted_at FROM attio.people WHERE record_id = ${person}`;
    expect(row).toEqual({ job_title: title as unknown, _deleted_at: at });
    const [shown] = await user`SELECT count(*)::int AS rows FROM attio.records WHERE record_id = ${person}`;
    expect(shown).toEqual({ rows: 0 });
    expect(await findDifferences(mirror.sandbox, mirror.db.sql, { resources: [] })).toEqual([]);
  });

  it("a deleted row can't be changed, before its deletion is pushed and after", async () => {
    const { user, push } = soft;
    const [person = ""] = await living(soft, "people");
    const refused = "a deleted row of attio.people cannot be changed";
    const tryAll = async () => {
      await expect(user`UPDATE attio.people SET job_title = 'x' WHERE record_id = ${person}`).rejects.toThrow(
        refused,
      );
      await expect(
        user`UPDATE attio.people SET _deleted_at = NULL WHERE record_id = ${person}`,
      ).rejects.toThrow('column "_deleted_at" of attio.people is read-only: the mirror sets it');
      await expect(
        user`INSERT INTO attio.people (record_id, job_title) VALUES (${person}, 'x')
             ON CONFLICT (record_id) DO UPDATE SET job_title = excluded.job_title`,
      ).rejects.toThrow(refused);
    };
    await user`DELETE FROM attio.people WHERE record_id = ${person}`;
    await tryAll();
    await push();
    await tryAll();
    expect(await changesOf(soft, person)).toEqual([["delete", "pushed", null]]);
  });

  it("a second DELETE captures nothing, and leaves the time of the first", async () => {
    const { user, push } = soft;
    const [person = "", other = ""] = await living(soft, "people");
    await user`DELETE FROM attio.people WHERE record_id = ${person}`;
    const at = await deletedAt(soft, person);
    await user`DELETE FROM attio.people WHERE record_id IN (${person}, ${other})`;
    await push();
    await user`DELETE FROM attio.people WHERE record_id IN (${person}, ${other})`;
    expect(await changesOf(soft, person)).toEqual([["delete", "pushed", null]]);
    expect(await changesOf(soft, other)).toEqual([["delete", "pushed", null]]);
    expect(await deletedAt(soft, person)).toEqual(at);
  });

  it("a DELETE that is rolled back leaves no trace, and the statements behind it are captured", async () => {
    const { user } = soft;
    const [person = "", other = ""] = await living(soft, "people");
    await user.begin(async (tx) => {
      await tx
        .savepoint(async (inner) => {
          await inner`DELETE FROM attio.people WHERE record_id = ${person}`;
          throw new Error("undo");
        })
        .catch(() => undefined);
      await tx`DELETE FROM attio.people WHERE record_id = ${other}`;
      await tx`UPDATE attio.people SET job_title = 'still ours' WHERE record_id = ${person}`;
    });
    expect(await deletedAt(soft, person)).toBeNull();
    expect(await changesOf(soft, person)).toEqual([["update", "pending", null]]);
    expect(await changesOf(soft, other)).toEqual([["delete", "pending", null]]);
  });
});

it.each(["soft", "hard"] as const)("a DELETE that Attio refuses brings the row back: %s", async (mode) => {
  const writing = mode === "soft" ? soft : hard;
  const { user, push, mirror } = writing;
  const [deal = "", edited = ""] = await living(writing, "deals");
  const read = () =>
    user`SELECT name, stage, value, _deleted_at FROM attio.deals WHERE record_id IN (${deal}, ${edited}) ORDER BY record_id`;
  const before = [...(await read())];
  mirror.sandbox.faults.add({
    kind: "status",
    status: 403,
    body: { status_code: 403, type: "auth_error", code: "forbidden", message: "Not yours." },
    method: "DELETE",
    path: new RegExp(`${deal}|${edited}`),
    times: 2,
  });
  await user`UPDATE attio.deals SET value = 4711 WHERE record_id = ${edited}`;
  await user`DELETE FROM attio.deals WHERE record_id IN (${deal}, ${edited})`;
  await push();
  expect(await changesOf(writing, deal)).toEqual([["delete", "failed", "forbidden"]]);
  const [reason] = await user`SELECT error_message FROM attio.changes WHERE record_id = ${deal}`;
  expect(reason).toEqual({ error_message: "Not yours." });
  await drain(mirror);
  // What was written before the DELETE is held like any change that failed.
  expect([...(await read())]).toEqual(
    before.map((row, place) => (place === 1 ? { ...row, value: "4711" } : row)),
  );
  expect(await changesOf(writing, edited)).toEqual([
    ["update", "failed", "forbidden"],
    ["delete", "failed", "forbidden"],
  ]);
  // The row is an ordinary one again.
  await user`UPDATE attio.deals SET name = 'Back' WHERE record_id = ${deal}`;
  await push();
  expect(await changesOf(writing, deal)).toEqual([
    ["delete", "failed", "forbidden"],
    ["update", "pushed", null],
  ]);
  await mirror.db.sql`UPDATE attio_sync.outbox SET pushed_at = pushed_at - interval '1 minute'`;
  await retryChanges(mirror.db, [], { allowBulk: false });
  await push();
  expect(mirror.sandbox.store.records("deals").some(({ id }) => id === deal || id === edited)).toBe(false);
  const left = await read();
  if (mode === "hard") expect([...left]).toEqual([]);
  else expect(left.map(({ _deleted_at: at }) => at instanceof Date)).toEqual([true, true]);
});
