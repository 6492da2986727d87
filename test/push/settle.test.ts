import { beforeAll, beforeEach, expect, it } from "vitest";
import { createSql } from "../../src/db/index.ts";
import { holdStream } from "../../src/db/locks.ts";
import { deliverEvents, drain } from "../support/live.ts";
import { findDifferences } from "../support/oracle.ts";
import { SHORT_PATIENCE, startWriting, type Writing } from "../support/writing.ts";

let writing: Writing;
let settled: () => Promise<void>;

/** A user's own foreign keys: what each says about updates and deletes, and when it is checked. */
const KEYS = [
  "ON UPDATE CASCADE",
  "",
  "ON UPDATE RESTRICT ON DELETE RESTRICT",
  "ON UPDATE CASCADE ON DELETE CASCADE",
  "ON UPDATE SET NULL ON DELETE SET NULL",
  "DEFERRABLE INITIALLY DEFERRED",
  "ON UPDATE CASCADE DEFERRABLE INITIALLY IMMEDIATE",
];

beforeAll(async () => {
  writing = await startWriting({
    patience: SHORT_PATIENCE,
    seed: { people: 20, companies: 10, deals: 5, seed: 4 },
    mirror: { life: "file" },
  });
  ({ settled } = deliverEvents(writing.mirror));
  const { user } = writing;
  await user.unsafe("CREATE SCHEMA app");
  // What has nothing to do with the mirror's key is not to be taken for it.
  await user.unsafe("ALTER TABLE attio.companies ADD legacy int UNIQUE");
  await user.unsafe("CREATE TABLE app.legacy_notes (legacy int REFERENCES attio.companies (legacy))");
  for (const [place, says] of KEYS.entries())
    await user.unsafe(
      `CREATE TABLE app."Key ${String(place)}" (
         id int PRIMARY KEY DEFAULT 1, "of company" uuid REFERENCES attio.companies ${says})`,
    );
  await user.unsafe(`
    CREATE TABLE app.pairs (
      one uuid NOT NULL REFERENCES attio.companies, other uuid NOT NULL REFERENCES attio.companies)`);
});

beforeEach(async () => {
  const { user } = writing;
  for (const place of KEYS.keys()) await user.unsafe(`TRUNCATE app."Key ${String(place)}"`);
  await user`TRUNCATE app.pairs`;
});

/** Inserts a company and rows of all the user's tables that refer to it, by its provisional id. */
async function insertReferred(company: { name: string; domains?: string[] }): Promise<string> {
  const { user } = writing;
  const id = crypto.randomUUID();
  const [other] = await user<
    { id: string }[]
  >`SELECT record_id AS id FROM attio.companies ORDER BY 1 LIMIT 1`;
  await user.begin(async (tx) => {
    await tx`INSERT INTO attio.companies ${tx({ record_id: id, ...company })}`;
    for (const place of KEYS.keys())
      await tx.unsafe(`INSERT INTO app."Key ${String(place)}" ("of company") VALUES ($1)`, [id]);
    await tx`INSERT INTO app.pairs (one, other) VALUES (${id}, ${id}), (${id}, ${other?.id ?? ""})`;
  });
  return id;
}

/** Expects one row by that name, which everything refers to that referred to the provisional one. */
async function expectSettled(provisional: string, name: string): Promise<string> {
  const { user, mirror } = writing;
  const rows = await user<{ id: string }[]>`SELECT record_id AS id FROM attio.companies WHERE name = ${name}`;
  expect(rows.length).toBe(1);
  const id = rows[0]?.id ?? "";
  expect(mirror.sandbox.store.record("companies", id).id).toBe(id);
  for (const [place, says] of KEYS.entries()) {
    const refers = await user.unsafe(`SELECT "of company" AS company FROM app."Key ${String(place)}"`);
    expect([says, ...refers]).toEqual([says, { company: id }]);
  }
  const pairs = await user`SELECT one = ${id} AS one, other = ${id} AS other FROM app.pairs ORDER BY 2`;
  expect([...pairs]).toEqual([
    { one: true, other: false },
    { one: true, other: true },
  ]);
  const [ids] = await user`
    SELECT m.record_id, m.object, attio.current_id(${provisional}) AS current FROM attio.id_map m
    WHERE provisional_id = ${provisional}`;
  expect(ids).toEqual({ record_id: id, object: "companies", current: id });
  const [left] = await mirror.db.sql`
    SELECT count(*)::int AS rows FROM attio_sync.outbox WHERE record_id = ${provisional}`;
  expect(left).toEqual({ rows: 0 });
  return id;
}

async function expectEqual(): Promise<void> {
  const { mirror } = writing;
  await settled();
  await drain(mirror);
  expect(await findDifferences(mirror.sandbox, mirror.db.sql, { resources: [] })).toEqual([]);
}

it("a row that gets its id from Attio takes all foreign keys along", async () => {
  const provisional = await insertReferred({ name: "New" });
  await writing.push();
  const id = await expectSettled(provisional, "New");
  expect(id).not.toBe(provisional);
  await expectEqual();
});

it("settling onto an existing row: an insert of what is here already takes all foreign keys there", async () => {
  const { mirror, user, push } = writing;
  const there = mirror.sandbox.store.createRecord("companies", {
    name: "Known",
    domains: ["known-here.com"],
  });
  await settled();
  await drain(mirror);
  await user`UPDATE attio.companies SET legacy = 7 WHERE record_id = ${there.id}`;
  await user`INSERT INTO app.legacy_notes VALUES (7)`;
  const provisional = await insertReferred({ name: "Known", domains: ["known-here.com", "known-too.com"] });
  expect((await user`SELECT FROM attio.companies WHERE name = 'Known'`).length).toBe(2);
  await push();
  expect(await expectSettled(provisional, "Known")).toBe(there.id);
  const [row] = await user<{ domains: string[]; legacy: number }[]>`
    SELECT domains, legacy FROM attio.companies WHERE record_id = ${there.id}`;
  expect(row?.domains.toSorted()).toEqual(["known-here.com", "known-too.com"]);
  expect(row?.legacy).toBe(7);
  await expectEqual();
});

it.each(["with a key", "without one"])(
  "provisional id raced by record.created: the event may come before the answer, %s",
  async (which) => {
    const { mirror, push } = writing;
    const name = `Overtaken ${which}`;
    const isHere = new Promise<void>((resolve, reject) => {
      const stop = mirror.sandbox.onAnswer(async ({ path, method }) => {
        if (!/\/records$/.test(path) || method === "GET") return;
        stop();
        await settled();
        await drain(mirror).then(resolve, reject);
      });
    });
    const provisional = await insertReferred({
      name,
      ...(which === "with a key" && { domains: ["overtaken.com"] }),
    });
    await push();
    await isHere;
    await expectSettled(provisional, name);
    await expectEqual();
  },
);

it("what was changed while the request was under way is pushed to the record, under its id", async () => {
  const { mirror, user, push } = writing;
  const { store } = mirror.sandbox;
  const provisional = await insertReferred({ name: "Edited meanwhile" });
  const stop = mirror.sandbox.onAnswer(async ({ path, method }) => {
    if (method !== "POST" || !/\/records$/.test(path)) return;
    stop();
    // With the record's own row beside it, as after its event.
    await settled();
    await drain(mirror);
    await user`UPDATE attio.companies SET description = 'later' WHERE record_id = ${provisional}`;
  });
  await push();
  const id = await expectSettled(provisional, "Edited meanwhile");
  const changes = await user`
    SELECT record_id, operation, status FROM attio.changes WHERE record_id = ${id} ORDER BY id`;
  expect([...changes]).toEqual([
    { record_id: id, operation: "insert", status: "pushed" },
    { record_id: id, operation: "update", status: "pushed" },
  ]);
  const [value] = store.values(store.record("companies", id), "description").active;
  expect(value?.fields).toMatchObject({ value: "later" });
  await expectEqual();
});

it("a row that is deleted here while it is being made does not come back with its event", async () => {
  const { mirror, user, push } = writing;
  await user`INSERT INTO attio.companies (name) VALUES ('Gone meanwhile')`;
  const rows = () => user`SELECT FROM attio.companies WHERE name = 'Gone meanwhile' AND _deleted_at IS NULL`;
  const seen: number[] = [];
  const stop = mirror.sandbox.onAnswer(async ({ path, method }) => {
    if (method === "DELETE") {
      stop();
      seen.push((await rows()).length);
    }
    if (method !== "POST" || !/\/records$/.test(path)) return;
    await user`DELETE FROM attio.companies WHERE name = 'Gone meanwhile'`;
    await settled();
    await drain(mirror);
    seen.push((await rows()).length);
  });
  await push();
  // Its event brought it, under an id that nobody had deleted; the answer took it away again, before Attio was told.
  expect(seen).toEqual([1, 0]);
  await expectEqual();
});

it("a row inserted meanwhile that refers to the provisional id is let in or refused, never lost", async () => {
  const { mirror, user, push } = writing;
  const provisional = await insertReferred({ name: "Referred late" });
  const stop = mirror.sandbox.onAnswer(async ({ path, method }) => {
    if (method !== "POST" || !/\/records$/.test(path)) return;
    stop();
    await user`INSERT INTO app."Key 3" (id, "of company") VALUES (2, ${provisional})`;
  });
  await push();
  const [late] = await user`
    SELECT "of company" = attio.current_id(${provisional}) AS moved FROM app."Key 3" WHERE id = 2`;
  expect(late).toEqual({ moved: true });
  await expect(user`INSERT INTO app."Key 3" (id, "of company") VALUES (3, ${provisional})`).rejects.toThrow(
    "violates foreign key constraint",
  );
  await expectEqual();
});

it("a settlement that an apply overtakes waits for it, and settles onto its row at once", async () => {
  const { mirror, user, push } = writing;
  const provisional = await insertReferred({ name: "Met an apply" });
  // As an apply does: it has written the row, and has not committed yet.
  const applying = createSql(mirror.db.url, { connections: 1 });
  let commit = (): void => undefined;
  const committing = new Promise<void>((resolve) => (commit = resolve));
  let applied: Promise<unknown> = Promise.resolve();
  const stop = mirror.sandbox.onAnswer(async ({ path, method }) => {
    if (method !== "POST" || !/\/records$/.test(path)) return;
    stop();
    const made = mirror.sandbox.store.records("companies").at(-1)?.id ?? "";
    await new Promise<void>((inserted) => {
      applied = applying.begin(async (tx) => {
        await holdStream(tx, "companies");
        await tx`INSERT INTO attio.companies (record_id, name) VALUES (${made}, 'Met an apply')`;
        inserted();
        await committing;
      });
    });
  });
  const pushed = push();
  const isWaiting = async () => {
    const [waiting] = await user`
        SELECT count(*)::int AS count FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'transactionid'`;
    return waiting?.["count"] as number;
  };
  await expect.poll(isWaiting, { timeout: 20_000, interval: 20 }).toBe(1);
  commit();
  await applied;
  await pushed;
  await applying.end();
  const id = await expectSettled(provisional, "Met an apply");
  const [change] = await mirror.db.sql`
    SELECT status, attempts FROM attio_sync.outbox WHERE record_id = ${id} AND operation = 'insert'`;
  expect(change).toEqual({ status: "pushed", attempts: 1 });
  await expectEqual();
});
