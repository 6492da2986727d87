import { expect, it } from "vitest";
import type { Misbehaviour } from "../../src/sandbox/index.ts";
import { discardChanges } from "../../src/sync/push/resolve-changes.ts";
import { deliverEvents, drain } from "../support/live.ts";
import { findDifferences } from "../support/oracle.ts";
import { idsOf, refusal, startThings, type Things } from "../support/writing-things.ts";
import { SHORT_PATIENCE } from "../support/writing.ts";

const differences = ({ mirror }: Things) =>
  findDifferences(mirror.sandbox, mirror.db.sql, { resources: ["tasks"] });

const taskIn = ({ mirror }: Things, content: string) =>
  mirror.sandbox.store.tasks().find((task) => task.content === content);

const link = (object: string, ...ids: (string | undefined)[]) =>
  JSON.stringify(ids.map((id) => ({ target_object_id: object, target_record_id: id })));

it("a task is made, changed and deleted in Attio by SQL", async () => {
  const things = await startThings();
  const { mirror, user, push } = things;
  const [company, other] = await idsOf(user, "companies", "record_id");
  const [member] = await idsOf(user, "workspace_members", "workspace_member_id");
  await user`
    INSERT INTO attio.tasks (content_plaintext, deadline_at, linked_records, assignees)
    VALUES ('Call them', '2030-05-01 12:00+02', ${link("companies", company)}::text::jsonb, ARRAY[${member ?? ""}]::uuid[])`;
  await user`INSERT INTO attio.tasks (content_plaintext, is_completed) VALUES ('Done already', true)`;
  await push();
  expect(taskIn(things, "Call them")).toMatchObject({
    deadlineAt: expect.stringMatching(/^2030-05-01T10:00:00/) as string,
    assignees: [member],
    linkedRecords: [{ id: company }],
  });
  expect(taskIn(things, "Done already")?.completedAt).not.toBe(null);
  expect(await differences(things)).toEqual([]);

  await user`
    UPDATE attio.tasks SET deadline_at = NULL, is_completed = true, assignees = '{}',
      linked_records = ${link("companies", other)}::text::jsonb WHERE content_plaintext = 'Call them'`;
  await push();
  expect(taskIn(things, "Call them")).toMatchObject({
    deadlineAt: null,
    assignees: [],
    linkedRecords: [{ id: other }],
  });
  const [row] = await user`SELECT completed_at FROM attio.tasks WHERE content_plaintext = 'Call them'`;
  expect(row?.completed_at).not.toBe(null);
  expect(await differences(things)).toEqual([]);

  await user`DELETE FROM attio.tasks WHERE content_plaintext = 'Call them'`;
  await push();
  expect(taskIn(things, "Call them")).toBe(undefined);
  expect(await user`SELECT DISTINCT table_name, status FROM attio.changes`).toEqual([
    { table_name: "tasks", status: "pushed" },
  ]);
  expect(await mirror.db.sql`SELECT stream FROM attio_sync.tombstones`).toEqual([{ stream: "tasks" }]);
  expect(await differences(things)).toEqual([]);
});

it("links and assignees that were added on either side survive, and what was removed on either goes", async () => {
  const things = await startThings();
  const { mirror, user, push } = things;
  const [first = "", second = "", third = "", fourth = ""] = await idsOf(user, "companies", "record_id");
  const [ann = "", bob = ""] = await idsOf(user, "workspace_members", "workspace_member_id");
  const [object] = await user<
    { id: string }[]
  >`SELECT object_id AS id FROM attio.objects WHERE api_slug = 'companies'`;
  await user`
    INSERT INTO attio.tasks (content_plaintext, linked_records) VALUES ('Both', ${link("companies", first, fourth)}::text::jsonb)`;
  await push();
  // Attio says the object's slug; its id means the same.
  const links = link(object?.id ?? "", first, second.toUpperCase());
  await user`
    UPDATE attio.tasks SET linked_records = ${links}::text::jsonb, assignees = ARRAY[${ann}]::uuid[]
    WHERE content_plaintext = 'Both'`;
  const { store } = mirror.sandbox;
  const record = (id: string) => ({ object: "companies", recordId: id });
  store.updateTask(taskIn(things, "Both")?.id ?? "", {
    linkedRecords: [record(fourth), record(third)],
    assignees: [bob],
  });
  await push();
  const task = taskIn(things, "Both");
  expect(task?.linkedRecords.map(({ id }) => id).toSorted()).toEqual([second, third].toSorted());
  expect(task?.assignees.toSorted()).toEqual([ann, bob].toSorted());
  expect(await mirror.db.sql`SELECT FROM attio_sync.conflicts`).toEqual([]);
  expect(await differences(things)).toEqual([]);
});

it("a task is linked to a company that was inserted before or after it", async () => {
  const things = await startThings();
  const { user, push } = things;
  const insert = (id: string) => user`
    INSERT INTO attio.companies (record_id, name, domains) VALUES (${id}, ${id}, ARRAY[${`${id}.com`}])`;
  const task = (content: string, id: string) => user`
    INSERT INTO attio.tasks (content_plaintext, linked_records) VALUES (${content}, ${link("companies", id)}::text::jsonb)`;
  const [before, after] = [crypto.randomUUID(), crypto.randomUUID()];
  await insert(before);
  await task("Company first", before);
  await task("Task first", after);
  await insert(after);
  await push();
  for (const [content, id] of [
    ["Company first", before],
    ["Task first", after],
  ] as const) {
    const [company] = await user`SELECT record_id AS id FROM attio.companies WHERE name = ${id}`;
    expect(taskIn(things, content)?.linkedRecords.map((linked) => linked.id)).toEqual([company?.id]);
  }
  expect(await differences(things)).toEqual([]);
});

const FAULTS: Record<string, Misbehaviour> = {
  "that is lost": { kind: "lost" },
  "that comes to effect late": { kind: "late-effect", ms: 1_600 },
};

it.each(Object.keys(FAULTS))(
  "with a create %s each task is made exactly once, also where they are alike",
  async (what) => {
    const things = await startThings({ patience: SHORT_PATIENCE });
    const { mirror, user, push } = things;
    const { sandbox } = mirror;
    const { settled } = deliverEvents(mirror);
    const before = sandbox.store.tasks().length;
    let number = 0;
    sandbox.onRequest(({ method, path }) => {
      if (method !== "POST" || path !== "/v2/tasks") return;
      number += 1;
      if (number % 2 === 0)
        sandbox.faults.add({
          ...(FAULTS[what] as Misbehaviour),
          method: "POST",
          path: "/v2/tasks",
          times: 1,
        });
    });
    await user`
    INSERT INTO attio.tasks (content_plaintext, linked_records)
    SELECT 'Follow up', jsonb_build_array(jsonb_build_object('target_object_id', 'companies', 'target_record_id', record_id))
    FROM (SELECT record_id FROM attio.companies ORDER BY 1 LIMIT 4) c`;
    await user`INSERT INTO attio.tasks (content_plaintext) VALUES ('Alike'), ('Alike')`;
    await push();
    expect(sandbox.log.count({ kind: "write", status: 0 })).toBeGreaterThan(1);
    expect(sandbox.store.tasks().length).toBe(before + 6);
    const linked = sandbox.store.tasks().filter((task) => task.content === "Follow up");
    expect(new Set(linked.map((task) => task.linkedRecords[0]?.id)).size).toBe(4);
    expect(await user`SELECT DISTINCT status FROM attio.changes`).toEqual([{ status: "pushed" }]);
    await settled();
    await drain(mirror);
    expect(await differences(things)).toEqual([]);
  },
);

it("what Attio does not let us write of a task is refused at the statement", async () => {
  const things = await startThings();
  const { mirror, user } = things;
  const update = (set: string) => refusal(user.unsafe(`UPDATE attio.tasks SET ${set}`));
  expect(await update("content_plaintext = 'x'")).toBe(
    'column "content_plaintext" of attio.tasks cannot be changed',
  );
  expect(await update("completed_at = now()")).toBe(
    'column "completed_at" of attio.tasks is read-only: Attio sets it',
  );
  expect(await update("deadline_at = 'infinity'")).toBe('column "deadline_at" must be a finite time');
  for (const links of [
    '{"target_record_id": 1}',
    "[[]]",
    '["a@b.co"]',
    '[{"target_object_id": "people"}]',
    "null",
  ])
    expect(await update(`linked_records = '${links}'`)).toBe(
      'column "linked_records" must be an array of {"target_object_id": …, "target_record_id": …}',
    );
  expect(await refusal(user`INSERT INTO attio.tasks (is_completed) VALUES (true)`)).toBe(
    'column "content_plaintext" of attio.tasks must have a value',
  );
  expect(await mirror.db.sql`SELECT FROM attio_sync.outbox`).toEqual([]);
});

it("a refused change of a task is visible, and given up it brings Attio's value back", async () => {
  const things = await startThings();
  const { mirror, user, push } = things;
  const [id = ""] = await idsOf(user, "tasks", "task_id");
  const body = {
    status_code: 400,
    type: "invalid_request_error",
    code: "limit_reached",
    message: "too many",
  };
  mirror.sandbox.faults.add({ kind: "status", status: 400, method: "PATCH", body });
  await user`UPDATE attio.tasks SET assignees = ARRAY[gen_random_uuid()] WHERE task_id = ${id}`;
  await push();
  const failed = await user<{ id: number; error_code: string }[]>`
    SELECT id, error_code FROM attio.changes WHERE status <> 'pushed'`;
  expect(failed.map(({ error_code }) => error_code)).toEqual(["limit_reached"]);
  await mirror.backfill({ streams: ["tasks"] });
  expect((await differences(things)).length).toBe(1);
  await discardChanges(
    mirror.db,
    failed.map((change) => change.id),
  );
  await drain(mirror);
  expect(await differences(things)).toEqual([]);
});

it("lost answer: a task is not made again, though its record was merged and nobody told of that before it was looked for", async () => {
  const things = await startThings({ patience: SHORT_PATIENCE });
  const { mirror, user, push, pusher } = things;
  const { sandbox, db } = mirror;
  const { settled } = deliverEvents(mirror);
  const [company = "", other = ""] = await idsOf(user, "companies", "record_id");
  sandbox.faults.add({ kind: "lost", method: "POST", path: /tasks$/, times: 20 });
  await user`
    INSERT INTO attio.tasks (content_plaintext, linked_records)
    VALUES ('Made once', ${link("companies", company)}::text::jsonb)`;
  await pusher.run();
  sandbox.faults.clear();
  const merged = sandbox.store.mergeRecords("companies", other, company);
  // The grace is over, so that whatever the look does not find is made again.
  await db.sql`UPDATE attio_sync.outbox SET attempted_at = attempted_at - interval '1 minute', due_at = now()`;
  await pusher.run();
  expect(await user`SELECT status, error_code FROM attio.changes`).toEqual([
    { status: "pending", error_code: "value_not_found" },
  ]);
  await settled();
  await drain(mirror);
  await push();
  const made = sandbox.store.tasks().filter(({ content }) => content === "Made once");
  expect(made).toMatchObject([{ linkedRecords: [{ id: merged.id }] }]);
  expect(await user`SELECT status FROM attio.changes`).toEqual([{ status: "pushed" }]);
  expect(await differences(things)).toEqual([]);
});

it("with soft deletion a deleted task stays, and does not come back meanwhile", async () => {
  const things = await startThings({ mirror: { deleteMode: "soft" } });
  const { mirror, user, push } = things;
  const [id = ""] = await idsOf(user, "tasks", "task_id");
  await user`DELETE FROM attio.tasks WHERE task_id = ${id}`;
  await mirror.backfill({ streams: ["tasks"] });
  const read = () => user`SELECT _deleted_at IS NOT NULL AS gone FROM attio.tasks WHERE task_id = ${id}`;
  expect(await read()).toEqual([{ gone: true }]);
  await push();
  expect(await read()).toEqual([{ gone: true }]);
  expect(mirror.sandbox.store.tasks().some((task) => task.id === id)).toBe(false);
  expect(await differences(things)).toEqual([]);
});
