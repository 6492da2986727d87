import { expect, it, onTestFinished, vi } from "vitest";
import { memberActor, type Misbehaviour } from "../../src/sandbox/index.ts";
import { deliverEvents, drain } from "../support/live.ts";
import { PATIENCE } from "../../src/sync/push/push-deps.ts";
import { findDifferences } from "../support/oracle.ts";
import { SHORT_PATIENCE, startWriting } from "../support/writing.ts";

/** Rows that are inserted of each kind. */
const ROWS = 6;

const INSERTS = {
  "people, by e-mail": `
    INSERT INTO attio.people (name, email_addresses)
    SELECT 'Ann ' || n, ARRAY['ann' || n || '@made-once.com'] FROM generate_series(1, ${ROWS}) AS n`,
  "companies, by domain": `
    INSERT INTO attio.companies (name, domains)
    SELECT 'Made ' || n, ARRAY['made-' || n || '.com'] FROM generate_series(1, ${ROWS}) AS n`,
  "projects, by a unique attribute of their own": `
    INSERT INTO attio.projects (name, key) SELECT 'Made', 'made ' || n FROM generate_series(1, ${ROWS}) AS n`,
  "entries, by their parent": `
    INSERT INTO attio.list_board (parent_object, parent_record_id)
    SELECT parent, record_id FROM (
      SELECT 'companies' AS parent, record_id FROM attio.companies UNION ALL SELECT 'people', record_id FROM attio.people) p
    WHERE parent = ANY(SELECT unnest(parent_object) FROM attio.lists WHERE api_slug = 'board') LIMIT ${ROWS}`,
  "deals, which have no unique attribute": `
    INSERT INTO attio.deals (name, stage, owner)
    SELECT 'Made ' || n, 'Lead', (SELECT workspace_member_id FROM attio.workspace_members LIMIT 1)
    FROM generate_series(1, ${ROWS}) AS n`,
  "deals that are all alike": `
    INSERT INTO attio.deals (name, stage, owner)
    SELECT 'Alike', 'Lead', (SELECT workspace_member_id FROM attio.workspace_members LIMIT 1)
    FROM generate_series(1, ${ROWS})`,
};

/** What becomes of requests whose answer nobody gets. */
const FAULTS: Record<string, Misbehaviour> = {
  "that is lost": { kind: "lost" },
  "that comes to effect late": { kind: "late-effect", ms: 1_600 },
};

it("lost answer: a record that somebody changed before it was looked for is not made again", async () => {
  const { mirror, user, push } = await startWriting({ patience: SHORT_PATIENCE });
  const { store, faults, access } = mirror.sandbox;
  let made = 0;
  store.onEvent(({ event_type: type, actor, id }) => {
    if (type !== "record.created" || actor.id !== access.id) return;
    made += 1;
    queueMicrotask(() => {
      const [member] = store.members();
      const record = store.record(id["object_id"] ?? "", id["record_id"] ?? "");
      const isDeal = record.container.slug === "deals";
      // Attio keeps what was of `value`; of a company's description and name it keeps nothing.
      const values = isDeal ? { value: 5, name: "Other" } : { description: [], name: "Other" };
      store.updateItem(record, values, { by: memberActor(member?.id ?? "") });
    });
  });
  faults.add({ kind: "lost", path: /records$/, times: 2 });
  await user`
    INSERT INTO attio.deals (name, value, stage, owner)
    SELECT 'Changed at once', 10, 'Lead', workspace_member_id FROM attio.workspace_members LIMIT 1`;
  await user`
    INSERT INTO attio.companies (name, description, foundation_date, categories)
    VALUES ('Changed at once', 'cleared at once', '2001-02-03', '{B2B}')`;
  await push();
  expect(made).toBe(2);
  expect(await user`SELECT DISTINCT status FROM attio.changes`).toEqual([{ status: "pushed" }]);
});

it.each(Object.keys(FAULTS))(
  "lost answer: where of every three creates there is one %s, each inserted row is made exactly once",
  async (what) => {
    const { mirror, user, push } = await startWriting({ patience: SHORT_PATIENCE });
    const { sandbox } = mirror;
    const { settled } = deliverEvents(mirror);
    const made = new Map<string, number>();
    sandbox.store.onEvent(({ event_type: type, actor, id }) => {
      if (actor.id !== sandbox.access.id || !type.endsWith(".created")) return;
      const container = id["object_id"] ?? id["list_id"] ?? "";
      made.set(container, (made.get(container) ?? 0) + 1);
    });
    let number = 0;
    sandbox.onRequest(({ method, path }) => {
      if ((method !== "POST" && method !== "PUT") || !/(records|entries)$/.test(path)) return;
      number += 1;
      if (number % 3 === 0)
        sandbox.faults.add({ ...(FAULTS[what] as Misbehaviour), path: /(records|entries)$/, times: 1 });
    });
    for (const statement of Object.values(INSERTS)) {
      expect((await user.unsafe(statement)).count).toBe(ROWS);
    }
    await push();
    expect(sandbox.log.count({ kind: "write", status: 0 })).toBeGreaterThan(5);
    const ends = await user`SELECT DISTINCT operation, status FROM attio.changes`;
    expect([...ends]).toEqual([{ operation: "insert", status: "pushed" }]);
    // Two of the kinds are of one object.
    expect([...made.values()].toSorted((a, b) => a - b)).toEqual([ROWS, ROWS, ROWS, ROWS, ROWS * 2]);
    await settled();
    await drain(mirror);
    expect(await findDifferences(sandbox, mirror.db.sql, { resources: [] })).toEqual([]);
  },
);

it("lost answer: a process whose clock is ahead waits as long as any other before it makes a record again", async () => {
  const patience = { ...SHORT_PATIENCE, timeoutMs: 300, graceMs: 8_000 };
  const { mirror, user, push } = await startWriting({ patience });
  const { sandbox } = mirror;
  const before = sandbox.store.records("deals").length;
  const { timeOrigin } = performance;
  const ahead = vi.spyOn(Date, "now").mockImplementation(() => timeOrigin + performance.now() + 600_000);
  onTestFinished(() => {
    ahead.mockRestore();
  });
  sandbox.faults.add({ kind: "late-effect", ms: 7_000, method: "POST", path: /records$/, times: 1 });
  await user`
    INSERT INTO attio.deals (name, stage, owner)
    SELECT 'Late', 'Lead', workspace_member_id FROM attio.workspace_members LIMIT 1`;
  const effectAt = performance.now() + 7_500;
  await push();
  // Whoever waits long enough has waited for that already.
  await new Promise((resolve) => setTimeout(resolve, effectAt - performance.now()));
  expect(sandbox.store.records("deals")).toHaveLength(before + 1);
});

it("a second entry of one parent is made, and neither is taken for the other", async () => {
  const { mirror, user, push } = await startWriting({ patience: SHORT_PATIENCE });
  const [company] = await user<{ record_id: string }[]>`
    SELECT record_id FROM attio.companies c
    WHERE NOT EXISTS (SELECT FROM attio.list_sales s WHERE s.parent_record_id = c.record_id) LIMIT 1`;
  const id = company?.record_id ?? "";
  mirror.sandbox.faults.add({ kind: "lost", path: /entries$/, times: 1 });
  await user`
    INSERT INTO attio.list_sales (parent_object, parent_record_id, remark)
    SELECT 'companies', ${id}, 'entry ' || n FROM generate_series(1, 3) AS n`;
  await push();
  const there = mirror.sandbox.store.entries("sales").filter((entry) => entry.parent?.id === id);
  expect(there.length).toBe(3);
  const rows = await user`SELECT remark FROM attio.list_sales WHERE parent_record_id = ${id} ORDER BY 1`;
  expect(rows.map(({ remark }) => remark as string)).toEqual(["entry 1", "entry 2", "entry 3"]);
  expect(await findDifferences(mirror.sandbox, mirror.db.sql, { resources: [] })).toEqual([]);
});

it("lost answer: an entry whose parent was merged before it was looked for is not made again", async () => {
  const { mirror, user, push, pusher } = await startWriting({ patience: SHORT_PATIENCE });
  const { sandbox, db } = mirror;
  const { settled } = deliverEvents(mirror);
  const free = await user<{ id: string }[]>`
    SELECT record_id AS id FROM attio.companies c
    WHERE NOT EXISTS (SELECT FROM attio.list_sales s WHERE s.parent_record_id = c.record_id) LIMIT 2`;
  const [parent = "", other = ""] = free.map(({ id }) => id);
  sandbox.faults.add({ kind: "lost", method: "PUT", path: /entries$/, times: 20 });
  await user`
    INSERT INTO attio.list_sales (parent_object, parent_record_id, remark) VALUES ('companies', ${parent}, 'once')`;
  await pusher.run();
  sandbox.faults.clear();
  const merged = sandbox.store.mergeRecords("companies", other, parent);
  await db.sql`UPDATE attio_sync.outbox SET due_at = now()`;
  await pusher.run();
  expect(await user`SELECT status FROM attio.changes`).toEqual([{ status: "pending" }]);
  await settled();
  await drain(mirror);
  await push();
  await settled();
  await drain(mirror);
  expect(await user`SELECT status FROM attio.changes`).toEqual([{ status: "pushed" }]);
  expect(sandbox.store.entries("sales").filter(({ parent: of }) => of?.id === merged.id)).toHaveLength(1);
  expect(await findDifferences(sandbox, db.sql, { resources: [] })).toEqual([]);
});

it("lost answer: a record is recognized by what it was made with, also when that was merged and we have changed it", async () => {
  const { mirror, user, push, pusher } = await startWriting({ patience: SHORT_PATIENCE });
  const { sandbox, db } = mirror;
  const { settled } = deliverEvents(mirror);
  const companies = await user<
    { id: string }[]
  >`SELECT record_id AS id FROM attio.companies ORDER BY 1 LIMIT 3`;
  const [employer = "", other = "", next = ""] = companies.map(({ id }) => id);
  sandbox.faults.add({ kind: "lost", method: "POST", path: /records$/, times: 20 });
  await user`INSERT INTO attio.people (name, company) VALUES ('Made Once', ${employer})`;
  await pusher.run();
  sandbox.faults.clear();
  // Its event brings a row of its own, which is edited here, so that what it says now is ours.
  await settled();
  await drain(mirror);
  await user`
    UPDATE attio.people SET company = ${next}
    WHERE name = 'Made Once' AND record_id NOT IN (SELECT record_id FROM attio.changes WHERE operation = 'insert')`;
  await db.sql`UPDATE attio_sync.outbox SET due_at = now() + interval '1 minute' WHERE operation = 'insert'`;
  await pusher.run();
  sandbox.store.mergeRecords("companies", other, employer);
  await settled();
  await drain(mirror);
  await db.sql`UPDATE attio_sync.outbox SET due_at = now() WHERE operation = 'insert'`;
  await push();
  await settled();
  await drain(mirror);
  expect(await user`SELECT DISTINCT status FROM attio.changes`).toEqual([{ status: "pushed" }]);
  expect(await user`SELECT FROM attio.people WHERE name = 'Made Once'`).toHaveLength(1);
  expect(await findDifferences(sandbox, db.sql, { resources: [] })).toEqual([]);
});

it("lost answer: a record is recognized, also when what it points at is merged while it is looked for", async () => {
  const { mirror, user, push, pusher } = await startWriting({
    patience: { ...SHORT_PATIENCE, timeoutMs: 30_000 },
  });
  const { sandbox, db } = mirror;
  const { settled } = deliverEvents(mirror);
  const companies = await user<
    { id: string }[]
  >`SELECT record_id AS id FROM attio.companies ORDER BY 1 LIMIT 2`;
  const [employer = "", other = ""] = companies.map(({ id }) => id);
  sandbox.faults.add({ kind: "lost", method: "POST", path: /records$/, times: 20 });
  await user`INSERT INTO attio.people (name, company) VALUES ('Made Once', ${employer})`;
  await pusher.run();
  sandbox.faults.clear();
  // The grace is over, so that whatever the look does not find is made again.
  await db.sql`UPDATE attio_sync.outbox SET attempted_at = attempted_at - interval '1 minute'`;
  const undo = sandbox.onAnswer(async ({ path }) => {
    if (!path.endsWith("/records/query")) return;
    undo();
    sandbox.store.mergeRecords("companies", other, employer);
    await settled();
    await drain(mirror);
  });
  await push();
  await settled();
  await drain(mirror);
  expect(sandbox.store.records("companies").map(({ id }) => id)).not.toContain(employer);
  expect(sandbox.log.count({ method: "POST", path: /records$/ })).toBe(1);
  expect(await user`SELECT status FROM attio.changes`).toEqual([{ status: "pushed" }]);
  expect(await user`SELECT FROM attio.people WHERE name = 'Made Once'`).toHaveLength(1);
  expect(await findDifferences(sandbox, db.sql, { resources: [] })).toEqual([]);
});

it.each(["first", "last"])(
  "lost answer: of a row that is here twice, what was changed last is what Attio gets, though pushed %s",
  async (place) => {
    const { mirror, user, push, pusher } = await startWriting({ patience: SHORT_PATIENCE });
    const { sandbox, db } = mirror;
    const { settled } = deliverEvents(mirror);
    sandbox.faults.add({ kind: "lost", method: "POST", path: /records$/, times: 1 });
    await user`INSERT INTO attio.people (name, description) VALUES ('Janus', 'first')`;
    await pusher.run();
    await settled();
    await drain(mirror);
    const made = sandbox.store.records("people").at(-1)?.id ?? "";
    const rows = await user<{ id: string }[]>`SELECT record_id AS id FROM attio.people WHERE name = 'Janus'`;
    const provisional = rows.find(({ id }) => id !== made)?.id ?? "";
    expect(rows).toHaveLength(2);
    const [early, late] = place === "first" ? [provisional, made] : [made, provisional];
    await user`UPDATE attio.people SET description = 'older', job_title = 'kept' WHERE record_id = ${early}`;
    await db.sql`UPDATE attio_sync.outbox SET due_at = now() + interval '4 seconds' WHERE record_id = ${early}`;
    await user`UPDATE attio.people SET description = 'newer' WHERE record_id = ${late}`;
    await push();
    await settled();
    await drain(mirror);
    const left = await user`SELECT record_id, description, job_title FROM attio.people WHERE name = 'Janus'`;
    expect([...left]).toEqual([{ record_id: made, description: "newer", job_title: "kept" }]);
    expect(await findDifferences(sandbox, db.sql, { resources: [] })).toEqual([]);
  },
);

it("lost answer: of a row that is here twice, what was changed last stays although another of its values is a conflict", async () => {
  const { mirror, user, push, pusher } = await startWriting({ patience: SHORT_PATIENCE, policy: "manual" });
  const { sandbox, db } = mirror;
  const { settled } = deliverEvents(mirror);
  sandbox.faults.add({ kind: "lost", method: "POST", path: /records$/, times: 1 });
  await user`INSERT INTO attio.people (name, description, job_title) VALUES ('Janus', 'first', 'first')`;
  await pusher.run();
  await settled();
  await drain(mirror);
  const made = sandbox.store.records("people").at(-1)?.id ?? "";
  const [provisional] = await user<{ id: string }[]>`
    SELECT record_id AS id FROM attio.people WHERE name = 'Janus' AND record_id <> ${made}`;
  const id = provisional?.id ?? "";
  await user`UPDATE attio.people SET description = 'older' WHERE record_id = ${id}`;
  await user`UPDATE attio.people SET job_title = 'ours' WHERE record_id = ${id}`;
  await db.sql`UPDATE attio_sync.outbox SET due_at = now() + interval '4 seconds' WHERE record_id = ${id}`;
  await user`UPDATE attio.people SET description = 'newer' WHERE record_id = ${made}`;
  const [member] = sandbox.store.members();
  sandbox.store.updateRecord("people", made, { job_title: "theirs" }, { by: memberActor(member?.id ?? "") });
  await push();
  const changes = await user`SELECT changes, status FROM attio.changes ORDER BY id`;
  expect([...changes]).toMatchObject([
    { changes: { name: "Janus" }, status: "pushed" },
    { changes: { description: "older" }, status: "pushed" },
    { changes: { description: "newer" }, status: "pushed" },
    { changes: { job_title: "ours" }, status: "conflict" },
  ]);
  const rows = await user`SELECT record_id, description FROM attio.people WHERE name = 'Janus'`;
  expect([...rows]).toEqual([{ record_id: made, description: "newer" }]);
});

it("an insert whose answer was lost and whose key was changed since is found by the key it was sent with", async () => {
  const { mirror, user, push, pusher } = await startWriting({ patience: SHORT_PATIENCE });
  mirror.sandbox.faults.add({ kind: "lost", path: /records(\?.*)?$/, times: 20 });
  await user`INSERT INTO attio.companies (name, domains) VALUES ('Early', ARRAY['early-key.com'])`;
  await pusher.run();
  mirror.sandbox.faults.clear();
  await user`UPDATE attio.companies SET domains = ARRAY['later-key.com'] WHERE name = 'Early'`;
  await push();
  const made = mirror.sandbox.store.records("companies").length;
  expect(made).toBe(11);
  const [row] = await user`SELECT domains FROM attio.companies WHERE name = 'Early'`;
  expect(row).toEqual({ domains: ["later-key.com"] });
  await drain(mirror);
  expect(await findDifferences(mirror.sandbox, mirror.db.sql, { resources: [] })).toEqual([]);
});

it("lost answer: a record whose key was taken from it before it was looked for is not made again", async () => {
  const { mirror, user, push, pusher } = await startWriting({ patience: SHORT_PATIENCE });
  const { faults, store } = mirror.sandbox;
  const { settled } = deliverEvents(mirror);
  faults.add({ kind: "lost", path: /records(\?.*)?$/, times: 20 });
  await user`INSERT INTO attio.companies (name, domains) VALUES ('Moved on', ARRAY['moved-on.com'])`;
  await pusher.run();
  faults.clear();
  // Its event is quicker than its answer, and the domain is taken from it under either id.
  await settled();
  await drain(mirror);
  expect((await user`SELECT FROM attio.companies WHERE name = 'Moved on'`).length).toBe(2);
  await user`UPDATE attio.companies SET domains = NULL WHERE 'moved-on.com' = ANY(domains)`;
  await mirror.db
    .sql`UPDATE attio_sync.outbox SET due_at = now() + interval '1 hour' WHERE operation = 'insert'`;
  await pusher.run();
  await mirror.db.sql`UPDATE attio_sync.outbox SET due_at = now() WHERE operation = 'insert'`;
  await push();
  expect(store.records("companies").length).toBe(11);
  const rows = await user`SELECT domains FROM attio.companies WHERE name = 'Moved on'`;
  expect([...rows]).toEqual([{ domains: null }]);
  await settled();
  await drain(mirror);
  expect(await findDifferences(mirror.sandbox, mirror.db.sql, { resources: [] })).toEqual([]);
});

it("lost answer: a row that was edited before a second attempt came to nothing as well is not made again", async () => {
  const { mirror, user, push, pusher } = await startWriting({ patience: SHORT_PATIENCE });
  const { sandbox } = mirror;
  const before = sandbox.store.records("people").length;
  sandbox.faults.add({ kind: "lost", method: "POST", path: /records$/, times: 1 });
  await user`INSERT INTO attio.people (name, description) VALUES ('Early Bird', 'first')`;
  await pusher.run();
  expect(sandbox.store.records("people").length).toBe(before + 1);
  const failing = sandbox.faults.add({ kind: "status", status: 500, method: "PATCH", times: 1 });
  await user`UPDATE attio.people SET description = 'second', job_title = 'Worm' WHERE name = 'Early Bird'`;
  await push();
  expect(failing.hits).toBe(1);
  expect(sandbox.store.records("people").length).toBe(before + 1);
  const rows = await user`SELECT description, job_title FROM attio.people WHERE name = 'Early Bird'`;
  expect([...rows]).toEqual([{ description: "second", job_title: "Worm" }]);
  await drain(mirror);
  expect(await findDifferences(sandbox, mirror.db.sql, { resources: [] })).toEqual([]);
  expect(await user`SELECT FROM attio_sync.conflicts`).toHaveLength(0);
});

it("lost answer: what was edited after a create by key is pushed, though the plan changed and the next attempt came to nothing", async () => {
  const { mirror, user, push, pusher } = await startWriting({
    patience: { ...SHORT_PATIENCE, timeoutMs: 30_000 },
  });
  const { sandbox } = mirror;
  const edit = (text: string) => user`UPDATE attio.companies SET description = ${text} WHERE name = 'Keyed'`;
  const failing = { kind: "status", status: 500, method: "PATCH", times: 1 } as const;
  const stop = sandbox.onAnswer(async ({ method, path }) => {
    if (method !== "PUT" || !path.endsWith("/records")) return;
    stop();
    await edit("newer");
    sandbox.store.createAttribute("companies", { slug: "late", type: "text" });
    await mirror.syncSchema();
    sandbox.faults.add(failing);
  });
  await user`INSERT INTO attio.companies (name, domains, description) VALUES ('Keyed', '{keyed-twice.com}', 'older')`;
  await pusher.run();
  await push();
  expect(sandbox.log.count({ status: 500 })).toBe(1);
  const [row] = await user`SELECT description FROM attio.companies WHERE name = 'Keyed'`;
  expect(row).toEqual({ description: "newer" });
  await drain(mirror);
  expect(await findDifferences(sandbox, mirror.db.sql, { resources: [] })).toEqual([]);
});

it("with EXTERNAL_ID, a create whose answer was lost is not waited out: it is asserted by the row's own id", async () => {
  const { mirror, user, push } = await startWriting({ externalIds: new Map([["projects", "key"]]) });
  mirror.sandbox.faults.add({ kind: "late-effect", ms: 300, path: /records(\?.*)?$/, times: 4 });
  const [row] = await user<{ record_id: string }[]>`
    INSERT INTO attio.projects (name) VALUES ('Without a key') RETURNING record_id`;
  const [keyed] = await user<{ record_id: string }[]>`
    INSERT INTO attio.projects (name, key) VALUES ('With a key', 'its own') RETURNING record_id`;
  const before = mirror.sandbox.store.records("projects").length;
  const began = Date.now();
  await push();
  expect(Date.now() - began).toBeLessThan(PATIENCE.graceMs);
  const rows = await user`
    SELECT name, key FROM attio.projects
    WHERE record_id IN (attio.current_id(${row?.record_id ?? ""}), attio.current_id(${keyed?.record_id ?? ""})) ORDER BY 1`;
  expect([...rows]).toEqual([
    { name: "With a key", key: "its own" },
    { name: "Without a key", key: row?.record_id },
  ]);
  expect(mirror.sandbox.store.records("projects").length).toBe(before + 2);
});
