import { describe, expect, test } from "vitest";
import { look, looks, start } from "./support.ts";

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/;

describe("identity", () => {
  test("self names the workspace, unwrapped, and the token as client_id", async () => {
    const { sandbox, request } = await start();
    const answer = await request("GET", "/v2/self");
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      active: true,
      workspace_id: sandbox.workspaceId,
      client_id: sandbox.access.id,
    });
    expect(look(answer, "scope")).toContain("record_permission:read-write");
  });

  test("self answers 200 inactive for an unknown token and 400 for none", async () => {
    const { sandbox } = await start();
    const unknown = await fetch(`${sandbox.url}/v2/self`, {
      headers: { authorization: "Bearer 0123456789abcdef0123" },
    });
    expect([unknown.status, await unknown.json()]).toEqual([200, { active: false }]);
    const none = await fetch(`${sandbox.url}/v2/self`);
    expect(none.status).toBe(400);
    expect(await none.json()).toMatchObject({ code: "missing_value" });
  });

  test("every other endpoint answers 401 for a bad token and 403 for a missing scope", async () => {
    const { sandbox, request } = await start();
    const bad = await request("GET", "/v2/objects", undefined, {
      authorization: "Bearer nobody-knows-this-one",
    });
    expect(bad).toMatchObject({ status: 401, body: { type: "auth_error", code: "unauthorized" } });
    sandbox.setScopes(["note:read"]);
    const refused = await request("GET", "/v2/objects");
    expect(refused).toMatchObject({ status: 403, body: { type: "auth_error", code: "unauthorized" } });
  });

  test("an unknown route answers 404 with Attio's message", async () => {
    const { request } = await start();
    const answer = await request("POST", "/v2/nothing", {});
    expect(answer.status).toBe(404);
    expect(look(answer, "message")).toBe('Could not find endpoint "POST /v2/nothing"');
  });
});

describe("schema", () => {
  test("objects, attributes and lists are found by slug and by id", async () => {
    const { request } = await start({});
    const people = await request("GET", "/v2/objects/people");
    const id = String(look(people, "data.id.object_id"));
    expect((await request("GET", `/v2/objects/${id}`)).body).toEqual(people.body);
    const team = await request("GET", "/v2/objects/companies/attributes/team");
    expect(look(team, "data")).toMatchObject({
      api_slug: "team",
      is_multiselect: true,
      relationship: { object_slug: "people", api_slug: "company", is_multiselect: false },
      config: { currency: { default_currency_code: null, display_type: null } },
    });
    const list = await request("GET", "/v2/lists/sales");
    expect(look(list, "data")).toMatchObject({ api_slug: "sales", parent_object: ["companies"] });
  });

  test("archived attributes and options show on request only", async () => {
    const { request } = await start({});
    const slugs = async (query: string): Promise<unknown> =>
      look(await request("GET", `/v2/objects/projects/attributes${query}`), "data.*.api_slug");
    expect(await slugs("")).not.toContain("retired");
    expect(await slugs("?show_archived=true")).toContain("retired");
    const shown = await request("GET", "/v2/objects/projects/attributes/label/options");
    const all = await request("GET", "/v2/objects/projects/attributes/label/options?show_archived=true");
    expect(looks(all, "data").length).toBe(looks(shown, "data").length + 1);
    const statuses = await request("GET", "/v2/objects/projects/attributes/label/statuses");
    expect(look(statuses, "data")).toEqual([]);
  });

  test("a disabled standard object answers 400, a hidden list 404", async () => {
    const { sandbox, request } = await start({});
    sandbox.store.setObjectEnabled("deals", false);
    const deals = await request("GET", "/v2/objects/deals");
    expect(deals).toMatchObject({ status: 400, body: { code: "standard_object_disabled" } });
    sandbox.store.setListHidden("sales", true);
    expect((await request("GET", "/v2/lists/sales")).status).toBe(404);
    expect((await request("POST", "/v2/lists/sales/entries/query", {})).status).toBe(404);
    const lists = await request("GET", "/v2/lists");
    expect(look(lists, "data.*.api_slug")).not.toContain("sales");
  });
});

describe("records and entries", () => {
  test("a record has id tuple, nine-digit times and an array for every attribute", async () => {
    const { sandbox, request } = await start();
    const acme = sandbox.store.createRecord("companies", {
      name: "Acme",
      domains: ["HTTPS://App.Acme.com/x"],
    });
    const answer = await request("GET", `/v2/objects/companies/records/${acme.id}`);
    expect(look(answer, "data.id")).toEqual({
      workspace_id: sandbox.workspaceId,
      object_id: acme.container.id,
      record_id: acme.id,
    });
    expect(look(answer, "data.created_at")).toMatch(TIME);
    expect(look(answer, "data.values.team")).toEqual([]);
    expect(look(answer, "data.values.domains")).toEqual([
      {
        active_from: acme.createdAt,
        active_until: null,
        created_by_actor: { type: "workspace-member", id: sandbox.store.members()[0]?.id },
        domain: "app.acme.com",
        root_domain: "acme.com",
        attribute_type: "domain",
      },
    ]);
  });

  test("an entry names its parent and the entries of a record are listed", async () => {
    const { sandbox, request } = await start({});
    const [entry] = sandbox.store.entries("sales");
    const answer = await request("GET", `/v2/lists/sales/entries/${entry?.id ?? ""}`);
    expect(look(answer, "data")).toMatchObject({
      parent_object: "companies",
      parent_record_id: entry?.parent?.id,
    });
    expect(look(answer, "data.entry_values.stage.0.status.title")).toBeTypeOf("string");
    const listed = await request("GET", `/v2/objects/companies/records/${entry?.parent?.id ?? ""}/entries`);
    expect(look(listed, "data.0")).toMatchObject({ list_api_slug: "sales", list_id: entry?.container.id });
  });

  test("history lists all intervals, oldest first", async () => {
    const { sandbox, request } = await start({});
    const deal = sandbox.store.createRecord(
      "deals",
      { name: "D", stage: "Lead" },
      { createdAt: "2024-01-01T00:00:00Z" },
    );
    sandbox.store.updateRecord("deals", deal.id, { stage: "Lost" }, { at: "2024-02-01T00:00:00Z" });
    const path = `/v2/objects/deals/records/${deal.id}/attributes/stage/values`;
    const history = await request("GET", `${path}?show_historic=true`);
    expect(look(history, "data.*.status.title")).toEqual(["Lead", "Lost"]);
    expect(look(history, "data.0.active_until")).toBe(look(history, "data.1.active_from"));
    expect(look(await request("GET", path), "data")).toHaveLength(1);
    const company = sandbox.store.records("companies")[0]?.id ?? "";
    const refused = await request(
      "GET",
      `/v2/objects/companies/records/${company}/attributes/name/values?show_historic=true`,
    );
    expect(refused).toMatchObject({ status: 400, body: { code: "validation_type" } });
  });

  test("a renamed option, slug and object show in records that were read before", async () => {
    const { sandbox, request } = await start({});
    const project = sandbox.store.createRecord("projects", { name: "P", phase: "Plan" });
    await request("GET", `/v2/objects/projects/records/${project.id}`);
    sandbox.store.updateStatus("projects", "phase", "Plan", { title: "Dream" });
    sandbox.store.updateAttribute("projects", "phase", { slug: "step" });
    sandbox.store.updateObject("projects", { slug: "ventures" });
    const answer = await request("GET", `/v2/objects/ventures/records/${project.id}`);
    expect(look(answer, "data.values.step.0.status.title")).toBe("Dream");
    expect(look(answer, "data.values.phase")).toBeUndefined();
  });
});

describe("other resources", () => {
  test("notes page by 10, at most 50, and filter by parent", async () => {
    const { sandbox, request } = await start({});
    expect(look(await request("GET", "/v2/notes"), "data")).toHaveLength(10);
    expect((await request("GET", "/v2/notes?limit=51")).status).toBe(400);
    const [note] = sandbox.store.notes();
    const parent = `parent_object=${note?.record.container.slug ?? ""}&parent_record_id=${note?.record.id ?? ""}`;
    const found = looks(await request("GET", `/v2/notes?limit=50&${parent}`), "data.*.parent_record_id");
    expect(new Set(found)).toEqual(new Set([note?.record.id]));
  });

  test("threads need a record or an entry", async () => {
    const { sandbox, request } = await start({});
    expect((await request("GET", "/v2/threads")).status).toBe(400);
    const thread = sandbox.store.threads().find((one) => one.subject.container.kind === "list");
    const answer = await request("GET", `/v2/threads?list=sales&entry_id=${thread?.subject.id ?? ""}`);
    expect(look(answer, "data.0.comments.0")).toMatchObject({
      entry: { entry_id: thread?.subject.id },
      record: { record_id: thread?.subject.parent?.id },
    });
  });

  test("meetings page by cursor and recordings carry their transcript when read alone", async () => {
    const { sandbox, request } = await start({});
    const seen: unknown[] = [];
    let cursor: unknown = "";
    while (typeof cursor === "string") {
      const page = await request("GET", `/v2/meetings?limit=7&cursor=${cursor}`);
      seen.push(...looks(page, "data.*.id.meeting_id"));
      cursor = look(page, "pagination.next_cursor");
    }
    expect(new Set(seen).size).toBe(sandbox.store.meetings().length);
    const recording = sandbox.store.recordings().find((one) => one.status === "completed");
    const base = `/v2/meetings/${recording?.meetingId ?? ""}/call_recordings`;
    const listed = await request("GET", base);
    expect(look(listed, "data.0.transcript")).toBeUndefined();
    const alone = await request("GET", `${base}/${recording?.id ?? ""}`);
    expect(look(alone, "data.transcript.segments")).toHaveLength(3);
  });

  test("files need object and record and download by a redirect that takes no token", async () => {
    const { sandbox, request } = await start({});
    const file = sandbox.store.files().find((one) => one.fileType === "file");
    expect((await request("GET", "/v2/files")).status).toBe(400);
    const listed = await request(
      "GET",
      `/v2/files?object=${file?.record.container.slug ?? ""}&record_id=${file?.record.id ?? ""}`,
    );
    expect(look(listed, "data.*.file_type")).toContain("file");
    const download = await request("GET", `/v2/files/${file?.id ?? ""}/download`);
    expect(download).toMatchObject({ status: 200, body: file?.content?.toString() });
  });

  test("tasks filter by assignee, completion and linked record", async () => {
    const { sandbox, request } = await start({});
    const open = await request("GET", "/v2/tasks?is_completed=false");
    expect(new Set(looks(open, "data.*.completed_at"))).toEqual(new Set([null]));
    const unassigned = await request("GET", "/v2/tasks?assignee=null");
    expect(looks(unassigned, "data.*.assignees").flat()).toEqual([]);
    const email = sandbox.store.members()[0]?.emailAddress ?? "";
    expect(looks(await request("GET", `/v2/tasks?assignee=${email}`), "data").length).toBeGreaterThan(0);
    expect((await request("GET", "/v2/tasks?linked_object=people")).status).toBe(400);
  });
});
