import { describe, expect, test } from "vitest";
import { look, looks, start } from "./support.ts";

describe("entries", () => {
  test("POST adds one more, assert by parent updates, several refuse it", async () => {
    const { sandbox, request } = await start({});
    const company = sandbox.store.createRecord("companies", { name: "New" });
    const body = (stage: string): object => ({
      data: { parent_record_id: company.id, parent_object: "companies", entry_values: { stage } },
    });
    const first = await request("PUT", "/v2/lists/sales/entries", body("New"));
    const second = await request("PUT", "/v2/lists/sales/entries", body("Talking"));
    expect(look(second, "data.id")).toEqual(look(first, "data.id"));
    expect(look(second, "data.entry_values.stage.0.status.title")).toBe("Talking");
    expect((await request("POST", "/v2/lists/sales/entries", body("New"))).status).toBe(200);
    const refused = await request("PUT", "/v2/lists/sales/entries", body("New"));
    expect(refused).toMatchObject({ status: 400, body: { code: "multiple_match_results" } });
  });

  test("the parent cannot change, values can, a second DELETE answers 404", async () => {
    const { sandbox, request } = await start({});
    const path = `/v2/lists/sales/entries/${sandbox.store.entries("sales")[0]?.id ?? ""}`;
    const moved = await request("PATCH", path, { data: { entry_values: {}, parent_record_id: "x" } });
    expect(moved).toMatchObject({ status: 400, body: { code: "immutable_value" } });
    const put = await request("PUT", path, { data: { entry_values: { reasons: ["Fit"] } } });
    const patched = await request("PATCH", path, { data: { entry_values: { reasons: ["Price"] } } });
    expect(look(put, "data.entry_values.reasons.*.option.title")).toEqual(["Fit"]);
    expect(look(patched, "data.entry_values.reasons.*.option.title")).toEqual(["Price", "Fit"]);
    expect((await request("DELETE", path)).status).toBe(200);
    expect((await request("DELETE", path)).status).toBe(404);
  });

  test("assert overwrites multi-selects, a required attribute must be given and stays, others are refused", async () => {
    const { sandbox, request } = await start();
    const { store } = sandbox;
    store.createList({ slug: "sales", name: "Sales", parentObject: "companies" });
    const reasons = { slug: "reasons", type: "select", isMultiselect: true, choices: ["Price", "Fit"] };
    store.createAttribute({ list: "sales" }, reasons);
    store.createAttribute({ list: "sales" }, { slug: "remark", type: "text", isRequired: true });
    const acme = store.createRecord("companies", { name: "Acme" });
    const put = (entry_values: object) =>
      request("PUT", "/v2/lists/sales/entries", {
        data: { parent_record_id: acme.id, parent_object: "companies", entry_values },
      });
    expect(await put({})).toMatchObject({ status: 400, body: { code: "missing_value" } });
    const made = await put({ remark: "r", reasons: ["Price"] });
    const again = await put({ reasons: ["Fit"] });
    expect(look(again, "data.id")).toEqual(look(made, "data.id"));
    expect(look(again, "data.entry_values.reasons.*.option.title")).toEqual(["Fit"]);
    expect(look(again, "data.entry_values.remark.0.value")).toBe("r");
    expect(await put({ remark: [] })).toMatchObject({ status: 400, body: { code: "missing_value" } });
    expect(await put({ reasons: ["Nope"] })).toMatchObject({
      status: 400,
      body: { code: "value_not_found" },
    });
    expect(await put({ entry_id: acme.id })).toMatchObject({
      status: 400,
      body: { code: "validation_type" },
    });
    expect(store.entries("sales")).toHaveLength(1);
  });

  test("unknown parents and foreign objects are refused", async () => {
    const { sandbox, request } = await start({});
    const body = (parent_object: string, parent_record_id: string): object => ({
      data: { parent_record_id, parent_object, entry_values: {} },
    });
    const unknown = await request("POST", "/v2/lists/sales/entries", body("companies", sandbox.workspaceId));
    expect(unknown).toMatchObject({ status: 400, body: { code: "value_not_found" } });
    const person = sandbox.store.records("people")[0]?.id ?? "";
    const foreign = await request("POST", "/v2/lists/sales/entries", body("people", person));
    expect(foreign).toMatchObject({ status: 400, body: { code: "validation_type" } });
  });
});

test("notes are created, changed and deleted, with an event each for title and body", async () => {
  const { sandbox, request } = await start();
  const company = sandbox.store.createRecord("companies", { name: "Acme" });
  const events: string[] = [];
  sandbox.store.onEvent((event) => events.push(event.event_type));
  const made = await request("POST", "/v2/notes", {
    data: {
      parent_object: "companies",
      parent_record_id: company.id,
      title: "T",
      format: "markdown",
      content: "# Head\n**bold**",
    },
  });
  expect(look(made, "data")).toMatchObject({
    content_plaintext: "Head\nbold",
    content_markdown: "# Head\n**bold**",
  });
  const path = `/v2/notes/${String(look(made, "data.id.note_id"))}`;
  await request("PATCH", path, { data: { title: "U", content: "plain" } });
  expect((await request("GET", path)).body).toMatchObject({
    data: { title: "U", content_plaintext: "plain" },
  });
  await request("DELETE", path);
  expect((await request("GET", path)).status).toBe(404);
  expect(events).toEqual(["note.created", "note.updated", "note-content.updated", "note.deleted"]);
  expect((await request("POST", "/v2/notes", { data: { title: "T" } })).status).toBe(400);
});

test("tasks need all six fields, link in every form and never change their text", async () => {
  const { sandbox, request } = await start();
  const acme = sandbox.store.createRecord("companies", { domains: ["acme.com"] });
  const ada = sandbox.store.createRecord("people", { email_addresses: ["ada@acme.com"] });
  const full = {
    content: "Call",
    format: "plaintext",
    deadline_at: null,
    is_completed: false,
    linked_records: [
      "acme.com",
      { target_object: "people", email_addresses: [{ email_address: "ada@acme.com" }] },
      { target_object: "companies", target_record_id: acme.id },
    ],
    assignees: [{ workspace_member_email_address: sandbox.store.members()[0]?.emailAddress }],
  };
  const made = await request("POST", "/v2/tasks", { data: full });
  expect(look(made, "data.linked_records.*.target_record_id")).toEqual([acme.id, ada.id, acme.id]);
  const path = `/v2/tasks/${String(look(made, "data.id.task_id"))}`;
  const done = await request("PATCH", path, { data: { is_completed: true } });
  expect(look(done, "data.completed_at")).toBeTypeOf("string");
  expect((await request("PATCH", path, { data: { content: "x" } })).status).toBe(400);
  for (const field of Object.keys(full)) {
    const rest = Object.fromEntries(Object.entries(full).filter(([key]) => key !== field));
    expect((await request("POST", "/v2/tasks", { data: rest })).status).toBe(400);
  }
});

test("comments need a member as author and one place; the head takes its thread along", async () => {
  const { sandbox, request } = await start();
  const acme = sandbox.store.createRecord("companies", { name: "Acme" });
  const author = { type: "workspace-member", id: sandbox.store.members()[0]?.id };
  const base = { format: "plaintext", content: "Hi", author };
  const head = await request("POST", "/v2/comments", {
    data: { ...base, record: { object: "companies", record_id: acme.id } },
  });
  const thread_id = look(head, "data.thread_id");
  await request("POST", "/v2/comments", { data: { ...base, thread_id } });
  const threads = await request("GET", `/v2/threads?object=companies&record_id=${acme.id}`);
  expect(looks(threads, "data.0.comments")).toHaveLength(2);
  const nowhere = await request("POST", "/v2/comments", { data: base });
  expect(nowhere).toMatchObject({ status: 400, body: { statusCode: 400, code: "validation_type" } });
  await request("DELETE", `/v2/comments/${String(look(head, "data.id.comment_id"))}`);
  expect(sandbox.store.threads()).toEqual([]);
});

test("what a task is linked and assigned to must exist and have a known form", async () => {
  const { sandbox, request } = await start();
  const nobody = "00000000-0000-4000-8000-000000000000";
  const [member] = sandbox.store.members();
  const full = { content: "Call", format: "plaintext", deadline_at: null, is_completed: false };
  const made = await request("POST", "/v2/tasks", { data: { ...full, linked_records: [], assignees: [] } });
  const path = `/v2/tasks/${String(look(made, "data.id.task_id"))}`;
  const record = (target_object: string) => ({
    linked_records: [{ target_object, target_record_id: nobody }],
  });
  const actor = (id: unknown) => ({
    assignees: [{ referenced_actor_type: "workspace-member", referenced_actor_id: id }],
  });
  const cases: [object, number, string][] = [
    [record("nothings"), 404, "not_found"],
    [record("people"), 400, "value_not_found"],
    [{ linked_records: ["nobody@acme.com"] }, 400, "value_not_found"],
    [{ linked_records: [1] }, 400, "validation_type"],
    [actor(nobody), 400, "value_not_found"],
    [actor("x"), 400, "validation_type"],
    [{ assignees: ["x"] }, 400, "validation_type"],
    [{ assignees: [{ workspace_member_email_address: "nobody@acme.com" }] }, 400, "value_not_found"],
    [{ deadline_at: "tomorrow" }, 400, "validation_type"],
    [{ is_completed: "yes" }, 400, "validation_type"],
  ];
  for (const [patch, status, code] of cases) {
    expect(await request("PATCH", path, { data: patch })).toMatchObject({ status, body: { code } });
  }
  expect((await request("GET", path)).body).toEqual(made.body);
  const patch = { ...actor(member?.id), deadline_at: "2030-01-01T10:00:00Z" };
  const patched = await request("PATCH", path, { data: patch });
  expect(look(patched, "data")).toMatchObject({
    deadline_at: "2030-01-01T10:00:00.000000000Z",
    assignees: [{ referenced_actor_type: "workspace-member", referenced_actor_id: member?.id }],
  });
  const cleared = await request("PATCH", path, { data: { deadline_at: null, assignees: [] } });
  expect(look(cleared, "data")).toMatchObject({ deadline_at: null, assignees: [] });
  const long = { ...full, content: "x".repeat(2001), linked_records: [], assignees: [] };
  expect((await request("POST", "/v2/tasks", { data: long })).status).toBe(400);
});

test("what a note or comment is about must exist, and a note's parent stays", async () => {
  const { sandbox, request } = await start();
  const nobody = "00000000-0000-4000-8000-000000000000";
  const acme = sandbox.store.createRecord("companies", { name: "Acme" });
  const note = (parent_object: string, parent_record_id: string): object => ({
    data: { parent_object, parent_record_id, title: "T", format: "plaintext", content: "c" },
  });
  expect(await request("POST", "/v2/notes", note("nothings", acme.id))).toMatchObject({ status: 404 });
  expect(await request("POST", "/v2/notes", note("companies", nobody))).toMatchObject({ status: 404 });
  const made = await request("POST", "/v2/notes", note("companies", acme.id));
  const path = `/v2/notes/${String(look(made, "data.id.note_id"))}`;
  expect(await request("PATCH", path, { data: { parent_record_id: nobody } })).toMatchObject({
    status: 400,
    body: { code: "validation_type" },
  });
  const author = { type: "workspace-member", id: sandbox.store.members()[0]?.id };
  const base = { format: "plaintext", content: "Hi", author };
  const comment = (more: object) => request("POST", "/v2/comments", { data: { ...base, ...more } });
  expect(await comment({ thread_id: nobody })).toMatchObject({
    status: 400,
    body: { statusCode: 400, code: "value_not_found" },
  });
  const record = { object: "companies", record_id: acme.id };
  expect((await comment({ record: { ...record, record_id: nobody } })).status).toBe(404);
  expect(await comment({ record, author: { ...author, id: nobody } })).toMatchObject({
    status: 400,
    body: { code: "value_not_found" },
  });
  expect((await comment({ record, author: { ...author, type: "api-token" } })).status).toBe(400);
  expect((await comment({ record, thread_id: nobody })).status).toBe(400);
  expect(sandbox.store.comments()).toEqual([]);
});

describe("configuration", () => {
  test("objects, attributes, options and lists are made and changed, duplicates are 409", async () => {
    const { request } = await start();
    const object = { api_slug: "boats", singular_noun: "Boat", plural_noun: "Boats" };
    expect((await request("POST", "/v2/objects", { data: object })).status).toBe(200);
    expect(await request("POST", "/v2/objects", { data: object })).toMatchObject({
      status: 409,
      body: { code: "slug_conflict" },
    });
    expect((await request("PATCH", "/v2/objects/boats", { data: {} })).status).toBe(400);
    const attribute = {
      title: "Size",
      description: null,
      api_slug: "size",
      type: "select",
      is_required: false,
      is_unique: false,
      is_multiselect: false,
      config: {},
    };
    expect((await request("POST", "/v2/objects/boats/attributes", { data: attribute })).status).toBe(200);
    expect((await request("POST", "/v2/objects/boats/attributes", { data: attribute })).status).toBe(409);
    const options = "/v2/objects/boats/attributes/size/options";
    expect((await request("POST", options, { data: { title: "L" } })).status).toBe(200);
    expect((await request("POST", options, { data: { title: "L" } })).status).toBe(409);
    const renamed = await request("PATCH", `${options}/L`, { data: { title: "Large", is_archived: true } });
    expect(look(renamed, "data")).toMatchObject({ title: "Large", is_archived: true });
    const archived = await request("PATCH", "/v2/objects/boats/attributes/size", {
      data: { is_archived: true },
    });
    expect(look(archived, "data.is_archived")).toBe(true);
    const list = {
      name: "Fleet",
      api_slug: "fleet",
      parent_object: "boats",
      workspace_access: "full-access",
      workspace_member_access: [],
    };
    expect((await request("POST", "/v2/lists", { data: list })).status).toBe(200);
    expect((await request("POST", "/v2/lists", { data: list })).status).toBe(409);
    expect((await request("DELETE", "/v2/objects/boats")).status).toBe(200);
    expect((await request("GET", "/v2/objects/boats")).status).toBe(404);
  });

  test("system attributes and the wrong kind of choice are refused", async () => {
    const { request } = await start();
    const system = await request("PATCH", "/v2/objects/people/attributes/name", { data: { title: "x" } });
    expect(system).toMatchObject({ status: 400, body: { code: "system_edit_unauthorized" } });
    const wrong = await request("POST", "/v2/objects/people/attributes/job_title/options", {
      data: { title: "x" },
    });
    expect(wrong).toMatchObject({ status: 400, body: { code: "validation_type" } });
  });

  test("a relationship is made with both sides", async () => {
    const { request } = await start();
    await request("POST", "/v2/objects", {
      data: { api_slug: "boats", singular_noun: "Boat", plural_noun: "Boats" },
    });
    const made = await request("POST", "/v2/objects/boats/attributes", {
      data: {
        title: "Captain",
        description: null,
        api_slug: "captain",
        type: "record-reference",
        is_required: false,
        is_unique: false,
        is_multiselect: false,
        config: { record_reference: { allowed_objects: ["people"] } },
        relationship: { object: "people", title: "Boats", api_slug: "boats", is_multiselect: true },
      },
    });
    expect(look(made, "data.relationship")).toMatchObject({ object_slug: "people", api_slug: "boats" });
    const other = await request("GET", "/v2/objects/people/attributes/boats");
    expect(look(other, "data.relationship")).toMatchObject({ object_slug: "boats", api_slug: "captain" });
  });
});

test("meetings are made through the API only and can be deleted only then", async () => {
  const { sandbox, request } = await start({});
  const start_ = { datetime: "2026-01-01T10:00:00Z", timezone: null };
  const body = {
    title: "Call",
    description: "",
    start: start_,
    end: { datetime: "2026-01-01T11:00:00Z" },
    is_all_day: false,
    participants: [{ email_address: "a@b.com", is_organizer: true, status: "accepted" }],
  };
  const made = await request("POST", "/v2/meetings", { data: { ...body, external_ref: "x" } });
  const again = await request("POST", "/v2/meetings", { data: { ...body, external_ref: "x" } });
  expect(look(again, "data.id")).toEqual(look(made, "data.id"));
  const path = `/v2/meetings/${String(look(made, "data.id.meeting_id"))}`;
  const person = sandbox.store.records("people")[0]?.id ?? "";
  const linked = await request("PATCH", path, {
    data: { linked_records: [{ object: "people", record_id: person }] },
  });
  expect(look(linked, "data.linked_records.*.record_id")).toEqual([person]);
  const recording = await request("POST", `${path}/call_recordings`, { data: {} });
  const recordingPath = `${path}/call_recordings/${String(look(recording, "data.id.call_recording_id"))}`;
  expect((await request("DELETE", recordingPath)).status).toBe(204);
  expect((await request("DELETE", path)).status).toBe(200);
  const synced = sandbox.store.meetings()[0]?.id ?? "";
  expect((await request("DELETE", `/v2/meetings/${synced}`)).status).toBe(400);
});

test("a file is uploaded, read back and deleted with its folder", async () => {
  const { sandbox, request } = await start();
  const acme = sandbox.store.createRecord("companies", { name: "Acme" });
  const place = { object: "companies", record_id: acme.id };
  const folder = await request("POST", "/v2/files", { ...place, file_type: "folder", name: "F" });
  const folderId = String(look(folder, "data.id.file_id"));
  const form = new FormData();
  form.set("file", new Blob(["hello"], { type: "text/plain" }), "a.txt");
  form.set("object", "companies");
  form.set("record_id", acme.id);
  form.set("parent_folder_id", folderId);
  const uploaded = await fetch(`${sandbox.url}/v2/files/upload`, {
    method: "POST",
    headers: { authorization: `Bearer ${sandbox.token}` },
    body: form,
  });
  expect(uploaded.status).toBe(201);
  const { data } = (await uploaded.json()) as { data: { id: { file_id: string }; content_size: number } };
  expect(data).toMatchObject({ name: "a.txt", content_type: "text/plain", content_size: 5 });
  expect(await request("GET", `/v2/files/${data.id.file_id}/download`)).toMatchObject({
    status: 200,
    body: "hello",
  });
  await request("DELETE", `/v2/files/${folderId}`);
  expect(sandbox.store.files()).toEqual([]);
});

test("search finds people by name and address", async () => {
  const { sandbox, request } = await start();
  sandbox.store.createRecord("people", { name: "Lovelace, Ada", email_addresses: ["ada@acme.com"] });
  const answer = await request("POST", "/v2/objects/records/search", {
    query: "ada@",
    objects: ["people"],
    request_as: { type: "workspace" },
  });
  expect(look(answer, "data.*.record_text")).toEqual(["Ada Lovelace"]);
});
