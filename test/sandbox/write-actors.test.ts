import { expect, test } from "vitest";
import type { SandboxEvent } from "../../src/sandbox/index.ts";
import { look, requester, start } from "./support.ts";

const COMPANIES = "/v2/objects/companies/records";

test("everything written with a token carries its actor, and so do the events", async () => {
  const { sandbox } = await start();
  const { store } = sandbox;
  store.createList({ slug: "sales", name: "Sales", parentObject: "companies" });
  store.createAttribute({ list: "sales" }, { slug: "remark", type: "text" });
  const token = sandbox.tokens.issue();
  const request = requester(sandbox, token.secret);
  const actor = { type: "api-token", id: token.id };
  const events: SandboxEvent[] = [];
  store.onEvent((event) => events.push(event));
  const before = new Date().toISOString();

  const record = await request("POST", COMPANIES, { data: { values: { name: "Acme" } } });
  const id = String(look(record, "data.id.record_id"));
  const parent = { parent_object: "companies", parent_record_id: id };
  const entry = await request("POST", "/v2/lists/sales/entries", {
    data: { ...parent, entry_values: { remark: "r" } },
  });
  const note = await request("POST", "/v2/notes", {
    data: { ...parent, title: "T", format: "plaintext", content: "c" },
  });
  const links = { linked_records: [], assignees: [] };
  const task = await request("POST", "/v2/tasks", {
    data: { content: "c", format: "plaintext", deadline_at: null, is_completed: false, ...links },
  });
  const author = { type: "workspace-member", id: store.members()[0]?.id };
  const comment = await request("POST", "/v2/comments", {
    data: { format: "plaintext", content: "c", author, record: { object: "companies", record_id: id } },
  });

  for (const [answer, path] of [
    [record, "data.values.name.0"],
    [entry, "data.entry_values.remark.0"],
  ] as const) {
    expect(look(answer, path)).toMatchObject({ created_by_actor: actor, active_until: null });
    expect(String(look(answer, `${path}.active_from`)) >= before).toBe(true);
  }
  const createdBy = { referenced_actor_type: "api-token", referenced_actor_id: token.id };
  expect(look(record, "data.values.created_by.0")).toMatchObject(createdBy);
  expect(look(entry, "data.entry_values.created_by.0")).toMatchObject(createdBy);
  expect([look(note, "data.created_by_actor"), look(task, "data.created_by_actor")]).toEqual([actor, actor]);
  expect(look(comment, "data.author")).toEqual(author);

  const changed = await request("PATCH", `${COMPANIES}/${id}`, { data: { values: { description: "d" } } });
  expect(look(changed, "data.values.name.0.active_from")).toBe(
    look(record, "data.values.name.0.active_from"),
  );
  await request("PATCH", `/v2/lists/sales/entries/${String(look(entry, "data.id.entry_id"))}`, {
    data: { entry_values: { remark: "s" } },
  });
  await request("PATCH", `/v2/tasks/${String(look(task, "data.id.task_id"))}`, {
    data: { is_completed: true },
  });
  for (const path of [
    `/v2/comments/${String(look(comment, "data.id.comment_id"))}`,
    `/v2/tasks/${String(look(task, "data.id.task_id"))}`,
    `/v2/notes/${String(look(note, "data.id.note_id"))}`,
    `/v2/lists/sales/entries/${String(look(entry, "data.id.entry_id"))}`,
    `${COMPANIES}/${id}`,
  ]) {
    expect(await request("DELETE", path)).toMatchObject({ status: 200, body: {} });
    expect(await request("DELETE", path)).toMatchObject({
      status: 404,
      body: { status_code: 404, type: "invalid_request_error", code: "not_found" },
    });
  }
  expect(events.map((event) => event.event_type)).toEqual([
    "record.created",
    "list-entry.created",
    "note.created",
    "task.created",
    "comment.created",
    "record.updated",
    "list-entry.updated",
    "task.updated",
    "comment.deleted",
    "task.deleted",
    "note.deleted",
    "list-entry.deleted",
    "record.deleted",
  ]);
  expect(events.map((event) => event.actor)).toEqual(events.map(() => actor));
});

test("equal asserts at one time make one record", async () => {
  const { sandbox, request } = await start();
  const body = { data: { values: { domains: ["acme.com"], name: "Acme" } } };
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => request("PUT", `${COMPANIES}?matching_attribute=domains`, body)),
  );
  expect(new Set(answers.map((answer) => look(answer, "data.id.record_id"))).size).toBe(1);
  expect(
    sandbox.store.records("companies").filter((one) => one.createdBy.id === sandbox.access.id),
  ).toHaveLength(1);
});

test("one bad value refuses the whole write", async () => {
  const { sandbox, request } = await start();
  const made = await request("POST", COMPANIES, { data: { values: { name: "Acme", domains: ["a.com"] } } });
  const path = `${COMPANIES}/${String(look(made, "data.id.record_id"))}`;
  const events: SandboxEvent[] = [];
  sandbox.store.onEvent((event) => events.push(event));
  const refused = await request("PUT", path, { data: { values: { name: "New", categories: ["Nope"] } } });
  expect(refused).toMatchObject({ status: 400, body: { code: "value_not_found" } });
  expect((await request("GET", path)).body).toEqual(made.body);
  expect(events).toEqual([]);
});
