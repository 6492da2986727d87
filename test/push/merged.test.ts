import { beforeAll, expect, it } from "vitest";
import { moveToMerged } from "../../src/db/queries/outbox-merges.ts";
import { discardChanges, retryChanges } from "../../src/sync/push/resolve-changes.ts";
import { deliverEvents, drain } from "../support/live.ts";
import { findDifferences } from "../support/oracle.ts";
import { eventually } from "../support/things.ts";
import { startWriting, type Writing } from "../support/writing.ts";

let writing: Writing;
let settled: () => Promise<void>;
let people: string[];

beforeAll(async () => {
  writing = await startWriting({
    policy: "local",
    seed: { people: 28, companies: 10, deals: 5, seed: 4 },
    mirror: { life: "file" },
  });
  ({ settled } = deliverEvents(writing.mirror));
  const rows = await writing.user<{ id: string }[]>`SELECT record_id AS id FROM attio.people ORDER BY 1`;
  people = rows.map(({ id }) => id);
});

/** Two people of a test's own. */
function twoPeople(): [string, string] {
  const [one, other] = people.splice(0, 2);
  if (one === undefined || other === undefined) throw new Error("no people are left");
  return [one, other];
}

function merge(one: string, other: string): string {
  return writing.mirror.sandbox.store.mergeRecords("people", one, other).id;
}

function there(id: string, slug: string): unknown {
  const { store } = writing.mirror.sandbox;
  const [value] = store.values(store.record("people", id), slug).active;
  return (value?.fields as Record<string, unknown> | undefined)?.["value"];
}

async function changesOf(id: string): Promise<unknown[]> {
  return [
    ...(await writing.user`
      SELECT operation, changes, status, error_code AS code FROM attio.changes WHERE record_id = ${id} ORDER BY id`),
  ];
}

async function expectEqual(): Promise<void> {
  const { mirror } = writing;
  await settled();
  await drain(mirror);
  expect(await findDifferences(mirror.sandbox, mirror.db.sql, { resources: [] })).toEqual([]);
}

const pushed = (changes: Record<string, unknown>) => ({
  operation: "update",
  changes,
  status: "pushed",
  code: null,
});

it("what was changed of either original goes to the record that they became", async () => {
  const { user, push, mirror } = writing;
  const [one, other] = twoPeople();
  await user`UPDATE attio.people SET job_title = 'of the one' WHERE record_id = ${one}`;
  await user`UPDATE attio.people SET description = 'of the other' WHERE record_id = ${other}`;
  const merged = merge(one, other);
  await settled();
  await drain(mirror);
  await push();
  expect([there(merged, "job_title"), there(merged, "description")]).toEqual(["of the one", "of the other"]);
  expect(await changesOf(merged)).toEqual([
    pushed({ job_title: "of the one" }),
    pushed({ description: "of the other" }),
  ]);
  const [row] = await user`SELECT job_title, description FROM attio.people WHERE record_id = ${merged}`;
  expect(row).toEqual({ job_title: "of the one", description: "of the other" });
  await expectEqual();
});

it("a push that is quicker than the event, or under way meanwhile, waits for it", async () => {
  const { user, push, mirror } = writing;
  const [one, other] = twoPeople();
  await user`UPDATE attio.people SET job_title = 'too early' WHERE record_id = ${one}`;
  const merged = merge(one, other);
  await push();
  expect(await changesOf(one)).toMatchObject([{ status: "conflict", code: "not_found" }]);
  await settled();
  await drain(mirror);
  await push();
  expect(there(merged, "job_title")).toBe("too early");

  const [third, fourth] = twoPeople();
  let next = "";
  const stop = mirror.sandbox.onAnswer(async ({ path }) => {
    if (!path.includes(third)) return;
    stop();
    next = merge(third, fourth);
    await settled();
    await drain(mirror);
  });
  await user`UPDATE attio.people SET job_title = 'under way' WHERE record_id = ${third}`;
  await push();
  expect(there(next, "job_title")).toBe("under way");
  expect(await changesOf(next)).toMatchObject([{ status: "pushed" }]);
  await expectEqual();
});

it("a push that finds its record gone while the merge's event is being processed follows it", async () => {
  const { user, push, pusher, mirror } = writing;
  const { sql } = mirror.db;
  const [one, other] = twoPeople();
  let merged = "";
  let processed: Promise<unknown> = Promise.resolve();
  const stop = mirror.sandbox.onAnswer(async ({ path }) => {
    if (!path.includes(one)) return;
    stop();
    merged = merge(one, other);
    // The merge's transaction begins while the push is under way, and ends once the push waits for it, or has ended.
    await new Promise<void>((begun) => {
      processed = sql.begin(async (tx) => {
        await tx`
          INSERT INTO attio.merged_records (old_record_id, record_id, object) VALUES (${one}, ${merged}, 'people')`;
        await moveToMerged(tx, [{ oldId: one, newId: merged, stream: "people" }]);
        begun();
        await eventually(async () => {
          const seen = await sql`
            SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
            UNION ALL SELECT FROM attio_sync.outbox WHERE record_id = ${one} AND status = 'conflict'`;
          return seen.length > 0;
        });
      });
    });
  });
  await user`UPDATE attio.people SET job_title = 'between' WHERE record_id = ${one}`;
  await pusher.run();
  await processed;
  await push();
  expect(await changesOf(one)).toEqual([]);
  expect(await changesOf(merged)).toEqual([pushed({ job_title: "between" })]);
  expect(there(merged, "job_title")).toBe("between");
  await expectEqual();
});

it("a change of an original that comes late does not undo what was changed of the merged record since", async () => {
  const { user, push, mirror } = writing;
  const [one, other] = twoPeople();
  await user`UPDATE attio.people SET job_title = 'older', description = 'kept' WHERE record_id = ${one}`;
  const merged = merge(one, other);
  await push();
  // The new record is here before anybody hears of the merge.
  await mirror.backfill({ streams: ["people"] });
  await user`UPDATE attio.people SET job_title = 'newer' WHERE record_id = ${merged}`;
  await push();
  await settled();
  await drain(mirror);
  await push();
  expect([there(merged, "job_title"), there(merged, "description")]).toEqual(["newer", "kept"]);
  expect(await changesOf(merged)).toEqual([pushed({ description: "kept" }), pushed({ job_title: "newer" })]);
  await expectEqual();
});

it("a change that a merge brings while a later one is under way waits, and does not undo it", async () => {
  const { user, push, pusher, mirror } = writing;
  const { sql } = mirror.db;
  const [one, other] = twoPeople();
  await user`UPDATE attio.people SET job_title = 'older', description = 'kept' WHERE record_id = ${one}`;
  const away = () => sql`
    UPDATE attio_sync.outbox SET record_id = ${one}, due_at = now() + interval '1 hour'
    WHERE changes ->> 'job_title' = 'older' AND status = 'pending'`;
  await away();
  const merged = merge(one, other);
  await mirror.backfill({ streams: ["people"] });
  await user`UPDATE attio.people SET job_title = 'newer' WHERE record_id = ${merged}`;
  // As a merge's event does that comes in while the later change is taken, and neither can see the other.
  const bring = () => sql`
    UPDATE attio_sync.outbox SET record_id = ${merged}, due_at = now(), status = 'pending', error_code = NULL
    WHERE record_id = ${one}`;
  await sql`
    UPDATE attio_sync.outbox SET status = 'pushing', claimed_at = now(), claimed_by = (
      SELECT pid FROM pg_stat_activity WHERE datname = current_database() LIMIT 1)
    WHERE record_id = ${merged}`;
  await bring();
  await pusher.run();
  expect(await changesOf(merged)).toMatchObject([{ status: "pending" }, { status: "pushing" }]);

  await away();
  await sql`UPDATE attio_sync.outbox SET status = 'pending', claimed_by = NULL WHERE record_id = ${merged}`;
  await pusher.run();
  await bring();
  await push();
  expect([there(merged, "job_title"), there(merged, "description")]).toEqual(["newer", "kept"]);
  expect(await changesOf(merged)).toEqual([pushed({ description: "kept" }), pushed({ job_title: "newer" })]);
  await expectEqual();
});

it("old ids in applications: those of merged records go on standing for what they became", async () => {
  const { user, push, mirror } = writing;
  const { store } = mirror.sandbox;
  const [one, other] = [
    store.createRecord("companies", { name: "One" }),
    store.createRecord("companies", { name: "Other" }),
  ];
  await settled();
  await drain(mirror);
  await user.unsafe("CREATE SCHEMA app");
  await user.unsafe("CREATE TABLE app.invoices (company uuid REFERENCES attio.companies)");
  await user`INSERT INTO app.invoices VALUES (${one.id}), (${other.id})`;
  const [person] = twoPeople();
  await user`UPDATE attio.people SET company = ${other.id} WHERE record_id = ${person}`;
  const merged = store.mergeRecords("companies", one.id, other.id);
  await settled();
  await drain(mirror);
  await push();
  const [row] = await user`SELECT company FROM attio.people WHERE record_id = ${person}`;
  expect(row).toEqual({ company: merged.id });
  const [value] = store.values(store.record("people", person), "company").active;
  expect(value?.fields).toMatchObject({ target_record_id: merged.id });
  const invoices = await user`
    SELECT c.name, c._deleted_at FROM app.invoices i JOIN attio.companies c ON c.record_id = attio.current_id(i.company)`;
  expect([...invoices]).toEqual([
    { name: "One", _deleted_at: null },
    { name: "One", _deleted_at: null },
  ]);
  await user.unsafe("DROP TABLE app.invoices");
  // Of a merge of merged records, too.
  const last = store.mergeRecords(
    "companies",
    merged.id,
    store.createRecord("companies", { name: "Third" }).id,
  );
  await settled();
  await drain(mirror);
  const [current] = await user`SELECT attio.current_id(${one.id}) AS id`;
  expect(current).toEqual({ id: last.id });
});

it("what was taken out of references stays out, and is no conflict, though it was merged meanwhile", async () => {
  const { user, push, mirror } = writing;
  const { store } = mirror.sandbox;
  const [gone, kept] = twoPeople();
  const [twin, added] = twoPeople();
  const [employer, other, next] = ["Employer", "Other", "Next"].map(
    (name) => store.createRecord("companies", { name }).id,
  );
  await settled();
  await drain(mirror);
  const [deal] = await user<{ id: string }[]>`SELECT record_id AS id FROM attio.deals LIMIT 1`;
  const id = deal?.id ?? "";
  await user`UPDATE attio.deals SET associated_people = ${[gone, kept]} WHERE record_id = ${id}`;
  await user`UPDATE attio.people SET company = ${employer ?? ""} WHERE record_id = ${kept}`;
  await push();
  await settled();
  await drain(mirror);
  await user`UPDATE attio.deals SET associated_people = ${[kept, added]} WHERE record_id = ${id}`;
  await user`UPDATE attio.people SET company = ${next ?? ""} WHERE record_id = ${kept}`;
  merge(gone, twin);
  store.mergeRecords("companies", employer ?? "", other ?? "");
  await settled();
  await drain(mirror);
  await push();
  const members = store.values(store.record("deals", id), "associated_people").active;
  expect(members.map(({ fields }) => (fields as Record<string, unknown>)["target_record_id"])).toEqual([
    kept,
    added,
  ]);
  expect(await user`SELECT company FROM attio.people WHERE record_id = ${kept}`).toEqual([{ company: next }]);
  expect(
    await mirror.db.sql`SELECT FROM attio_sync.conflicts WHERE record_id IN (${id}, ${kept})`,
  ).toHaveLength(0);
  await expectEqual();
});

it("what is changed of a row that was inserted under the id of a deleted record does not go where that was merged to", async () => {
  const { user, push, mirror } = writing;
  const [one, other] = twoPeople();
  await user`DELETE FROM attio.people WHERE record_id = ${one}`;
  await user`INSERT INTO attio.people (record_id, name) VALUES (${one}, 'Second life')`;
  await user`UPDATE attio.people SET job_title = 'of the second' WHERE record_id = ${one}`;
  const merged = merge(one, other);
  await settled();
  await drain(mirror);
  await push();
  const [row] = await user<
    { id: string }[]
  >`SELECT record_id AS id FROM attio.people WHERE name = 'Second life'`;
  expect(there(row?.id ?? "", "job_title")).toBe("of the second");
  expect(there(merged, "job_title")).not.toBe("of the second");
  await expectEqual();
});

it.each(["the push", "the backfill"])(
  "missed merge: found by %s, what was changed is a conflict",
  async (who) => {
    const { user, push, mirror } = writing;
    const [one, other] = twoPeople();
    await user`UPDATE attio.people SET job_title = 'of the one' WHERE record_id = ${one}`;
    await user`UPDATE attio.people SET job_title = 'of the other' WHERE record_id = ${other}`;
    const merged = merge(one, other);
    await settled();
    await mirror.db.sql`DELETE FROM attio_sync.webhook_events`;
    if (who === "the backfill") await mirror.backfill({ streams: ["people"] });
    await push();
    const lost = (title: string) => ({
      operation: "update",
      changes: { job_title: title },
      status: "conflict",
      code: "not_found",
    });
    const expectLost = async () => {
      expect(await changesOf(one)).toEqual([lost("of the one")]);
      expect(await changesOf(other)).toEqual([lost("of the other")]);
    };
    await expectLost();
    if (who === "the push") await mirror.backfill({ streams: ["people"] });
    await drain(mirror);
    const rows =
      await user`SELECT record_id AS id FROM attio.people WHERE record_id IN (${one}, ${other}, ${merged})`;
    expect([...rows]).toEqual([{ id: merged }]);
    // Trying again changes nothing; giving up ends it.
    const writes = mirror.sandbox.log.count({ kind: "write" });
    await retryChanges(mirror.db, [], { allowBulk: false });
    await push();
    await expectLost();
    expect(mirror.sandbox.log.count({ kind: "write" })).toBe(writes);
    const open = await user<{ id: string }[]>`SELECT id FROM attio.changes WHERE status = 'conflict'`;
    await discardChanges(
      mirror.db,
      open.map(({ id }) => Number(id)),
    );
    await drain(mirror);
    // What refers to them was not told of either, and was not read.
    expect(
      await findDifferences(mirror.sandbox, mirror.db.sql, { sources: ["people"], resources: [] }),
    ).toEqual([]);
  },
);

it("what was held of a change that another has outrun does not stay in the row", async () => {
  const { user, push, pusher, mirror } = writing;
  const { sql } = mirror.db;
  const [one] = twoPeople();
  await user`UPDATE attio.people SET job_title = 'earlier' WHERE record_id = ${one}`;
  await user`UPDATE attio.people SET job_title = 'later' WHERE record_id = ${one}`;
  // As a change that came here late, by a merge, and is held until its claim is void.
  const [earlier] = await sql<{ id: number }[]>`
    UPDATE attio_sync.outbox SET status = 'conflict'
    WHERE record_id = ${one} AND changes ->> 'job_title' = 'earlier' RETURNING id`;
  await push();
  await sql`UPDATE attio_sync.outbox SET status = 'pending' WHERE id = ${earlier?.id ?? 0}`;
  await sql`UPDATE attio_sync.outbox SET pushed_at = now() - interval '1 minute' WHERE record_id = ${one} AND status = 'pushed'`;
  // Nobody waits for a user who has the row.
  await user.begin(async (tx) => {
    await tx`SELECT FROM attio.people WHERE record_id = ${one} FOR UPDATE`;
    await pusher.run();
    const [change] = await tx`SELECT status FROM attio.changes WHERE record_id = ${one} ORDER BY id`;
    expect(change).toEqual({ status: "pending" });
  });
  await push();
  const ends =
    await user`SELECT status, error_code AS code FROM attio.changes WHERE record_id = ${one} ORDER BY id`;
  expect([...ends]).toEqual([
    { status: "discarded", code: "superseded" },
    { status: "pushed", code: null },
  ]);
  expect(there(one, "job_title")).toBe("later");
  await settled();
  await drain(mirror);
  const rows = await user`SELECT job_title FROM attio.people WHERE record_id = ${one}`;
  expect([...rows]).toEqual([{ job_title: "later" }]);
});
