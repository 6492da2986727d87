import { describe, expect, it } from "vitest";
import {
  AttioConcurrentWriteError,
  AttioConflictError,
  AttioNotFoundError,
  WEBHOOK_EVENT_TYPES,
  type AttioClient,
} from "../../src/attio/index.ts";
import { pair, rejection } from "./support/clients.ts";
import { apiError, json } from "./support/server.ts";

const CREATED_AT = "2025-03-25T06:44:30.177000000Z";
const RECORD = {
  id: { workspace_id: "w", object_id: "o", record_id: "r" },
  created_at: CREATED_AT,
  web_url: null,
  values: {},
};
const ENTRY = {
  id: { workspace_id: "w", list_id: "l", entry_id: "e" },
  parent_record_id: "r",
  parent_object: "people",
  created_at: CREATED_AT,
  entry_values: {},
};
const OBJECT = {
  id: { workspace_id: "w", object_id: "o" },
  api_slug: "a",
  singular_noun: "A",
  plural_noun: "As",
  created_at: CREATED_AT,
};
const ATTRIBUTE = {
  id: { workspace_id: "w", object_id: "o", attribute_id: "a" },
  title: "T",
  api_slug: "t",
  type: "text",
  created_at: CREATED_AT,
};
const OPTION = { id: { ...ATTRIBUTE.id, option_id: "x" }, title: "X" };
const STATUS = { id: { ...ATTRIBUTE.id, status_id: "x" }, title: "X" };
const LIST = {
  id: { workspace_id: "w", list_id: "l" },
  api_slug: "l",
  name: "L",
  parent_object: "people",
  created_at: CREATED_AT,
};
const NOTE = {
  id: { workspace_id: "w", note_id: "n" },
  parent_object: "people",
  parent_record_id: "r",
  created_at: CREATED_AT,
};
const TASK = {
  id: { workspace_id: "w", task_id: "t" },
  is_completed: false,
  linked_records: [],
  assignees: [],
  created_at: CREATED_AT,
};
const COMMENT = { id: { workspace_id: "w", comment_id: "c" }, thread_id: "t", created_at: CREATED_AT };
const MEETING = { id: { workspace_id: "w", meeting_id: "m" }, created_at: CREATED_AT };
const RECORDING = {
  id: { workspace_id: "w", meeting_id: "m", call_recording_id: "c" },
  status: "processing",
  created_at: CREATED_AT,
};
const WEBHOOK = {
  id: { workspace_id: "w", webhook_id: "h" },
  target_url: "https://example.org",
  subscriptions: [{ event_type: "record.created", filter: null }],
  status: "active",
  created_at: CREATED_AT,
  secret: "s",
};
const ACTIVITY = { id: { workspace_id: "w", activity_id: "a" }, created_at: CREATED_AT };
const FILE = { id: { workspace_id: "w", file_id: "f" }, file_type: "folder", created_at: CREATED_AT };

const place = { target: "objects", identifier: "people", attribute: "t" } as const;
const meeting = {
  title: "M",
  description: "",
  is_all_day: true,
  start: { date: "2025-01-01" },
  end: { date: "2025-01-02" },
  participants: [],
};
const attribute = {
  title: "T",
  description: null,
  api_slug: "t",
  type: "text",
  is_required: false,
  is_unique: false,
  is_multiselect: false,
  config: {},
};

type Call = (client: AttioClient) => Promise<unknown>;

/** Every write: how it is called, what Attio answers under `data`, and what must go over the wire. */
const WRITES: [name: string, call: Call, answer: unknown, request: string, data?: unknown][] = [
  [
    "records.create",
    (c) => c.records.create("people", { name: "A" }),
    RECORD,
    "POST /v2/objects/people/records",
    { values: { name: "A" } },
  ],
  [
    "records.assert",
    (c) =>
      c.records.assert("people", {
        matchingAttribute: "email_addresses",
        values: { email_addresses: ["a"] },
      }),
    RECORD,
    "PUT /v2/objects/people/records?matching_attribute=email_addresses",
    { values: { email_addresses: ["a"] } },
  ],
  [
    "records.update",
    (c) => c.records.update("people", { recordId: "r", values: { tags: ["x"] } }),
    RECORD,
    "PATCH /v2/objects/people/records/r",
    { values: { tags: ["x"] } },
  ],
  [
    "records.overwrite",
    (c) => c.records.overwrite("people", { recordId: "r", values: { tags: [] } }),
    RECORD,
    "PUT /v2/objects/people/records/r",
    { values: { tags: [] } },
  ],
  [
    "records.delete",
    (c) => c.records.delete("people", "r"),
    undefined,
    "DELETE /v2/objects/people/records/r",
  ],
  [
    "records.merge",
    (c) => c.records.merge("people", { primaryRecordId: "a", secondaryRecordId: "b" }),
    { new_record_id: "n" },
    "POST /v2/objects/people/records/merge",
    { primary_record_id: "a", secondary_record_id: "b" },
  ],
  [
    "records.writeHistory",
    (c) =>
      c.records.writeHistory("people", {
        recordId: "r",
        attribute: "stage",
        values: [{ value: "A", active_from: CREATED_AT, active_until: null }],
      }),
    [],
    "PUT /v2/objects/people/records/r/attributes/stage/values",
    { replace_history: true, values: [{ value: "A", active_from: CREATED_AT, active_until: null }] },
  ],
  [
    "entries.create",
    (c) => c.entries.create("sales", { parentRecordId: "r", parentObject: "people" }),
    ENTRY,
    "POST /v2/lists/sales/entries",
    { parent_record_id: "r", parent_object: "people", entry_values: {} },
  ],
  [
    "entries.assert",
    (c) => c.entries.assert("sales", { parentRecordId: "r", parentObject: "people", values: { a: 1 } }),
    ENTRY,
    "PUT /v2/lists/sales/entries",
    { parent_record_id: "r", parent_object: "people", entry_values: { a: 1 } },
  ],
  [
    "entries.update",
    (c) => c.entries.update("sales", { entryId: "e", values: { a: 1 } }),
    ENTRY,
    "PATCH /v2/lists/sales/entries/e",
    { entry_values: { a: 1 } },
  ],
  [
    "entries.overwrite",
    (c) => c.entries.overwrite("sales", { entryId: "e", values: { a: [1] } }),
    ENTRY,
    "PUT /v2/lists/sales/entries/e",
    { entry_values: { a: [1] } },
  ],
  ["entries.delete", (c) => c.entries.delete("sales", "e"), undefined, "DELETE /v2/lists/sales/entries/e"],
  [
    "entries.writeHistory",
    (c) => c.entries.writeHistory("sales", { entryId: "e", attribute: "stage", values: [] }),
    [],
    "PUT /v2/lists/sales/entries/e/attributes/stage/values",
    { replace_history: true, values: [] },
  ],
  [
    "objects.create",
    (c) => c.objects.create({ api_slug: "a", singular_noun: "A", plural_noun: "As" }),
    OBJECT,
    "POST /v2/objects",
    { api_slug: "a", singular_noun: "A", plural_noun: "As" },
  ],
  [
    "objects.update",
    (c) => c.objects.update("a", { api_slug: "b" }),
    OBJECT,
    "PATCH /v2/objects/a",
    { api_slug: "b" },
  ],
  ["objects.delete", (c) => c.objects.delete("a"), undefined, "DELETE /v2/objects/a"],
  [
    "attributes.create",
    (c) => c.attributes.create({ target: "lists", identifier: "sales" }, attribute),
    ATTRIBUTE,
    "POST /v2/lists/sales/attributes",
    attribute,
  ],
  [
    "attributes.update",
    (c) => c.attributes.update(place, { is_archived: true }),
    ATTRIBUTE,
    "PATCH /v2/objects/people/attributes/t",
    { is_archived: true },
  ],
  [
    "attributes.createOption",
    (c) => c.attributes.createOption(place, { title: "X" }),
    OPTION,
    "POST /v2/objects/people/attributes/t/options",
    { title: "X" },
  ],
  [
    "attributes.updateOption",
    (c) => c.attributes.updateOption({ ...place, option: "A/B" }, { title: "X" }),
    OPTION,
    "PATCH /v2/objects/people/attributes/t/options/A%2FB",
    { title: "X" },
  ],
  [
    "attributes.createStatus",
    (c) => c.attributes.createStatus(place, { title: "X", target_time_in_status: null }),
    STATUS,
    "POST /v2/objects/people/attributes/t/statuses",
    { title: "X", target_time_in_status: null },
  ],
  [
    "attributes.updateStatus",
    (c) => c.attributes.updateStatus({ ...place, status: "x" }, { is_archived: true }),
    STATUS,
    "PATCH /v2/objects/people/attributes/t/statuses/x",
    { is_archived: true },
  ],
  [
    "lists.create",
    (c) =>
      c.lists.create({
        name: "L",
        api_slug: "l",
        parent_object: "people",
        workspace_access: "full-access",
        workspace_member_access: [],
      }),
    LIST,
    "POST /v2/lists",
    {
      name: "L",
      api_slug: "l",
      parent_object: "people",
      workspace_access: "full-access",
      workspace_member_access: [],
    },
  ],
  ["lists.update", (c) => c.lists.update("l", { name: "N" }), LIST, "PATCH /v2/lists/l", { name: "N" }],
  [
    "notes.create",
    (c) =>
      c.notes.create({
        parent_object: "people",
        parent_record_id: "r",
        title: "T",
        format: "markdown",
        content: "x",
      }),
    NOTE,
    "POST /v2/notes",
    { parent_object: "people", parent_record_id: "r", title: "T", format: "markdown", content: "x" },
  ],
  ["notes.update", (c) => c.notes.update("n", { title: "T" }), NOTE, "PATCH /v2/notes/n", { title: "T" }],
  ["notes.delete", (c) => c.notes.delete("n"), undefined, "DELETE /v2/notes/n"],
  [
    "tasks.create",
    (c) =>
      c.tasks.create({
        content: "x",
        deadline_at: null,
        is_completed: false,
        linked_records: [],
        assignees: [],
      }),
    TASK,
    "POST /v2/tasks",
    {
      content: "x",
      format: "plaintext",
      deadline_at: null,
      is_completed: false,
      linked_records: [],
      assignees: [],
    },
  ],
  [
    "tasks.update",
    (c) => c.tasks.update("t", { is_completed: true }),
    TASK,
    "PATCH /v2/tasks/t",
    { is_completed: true },
  ],
  ["tasks.delete", (c) => c.tasks.delete("t"), undefined, "DELETE /v2/tasks/t"],
  [
    "comments.create",
    (c) =>
      c.comments.create({
        thread_id: "t",
        content: "x",
        author: { type: "workspace-member", id: "m" },
      }),
    COMMENT,
    "POST /v2/comments",
    { thread_id: "t", content: "x", format: "plaintext", author: { type: "workspace-member", id: "m" } },
  ],
  ["comments.delete", (c) => c.comments.delete("c"), undefined, "DELETE /v2/comments/c"],
  ["meetings.create", (c) => c.meetings.create(meeting), MEETING, "POST /v2/meetings", meeting],
  [
    "meetings.update",
    (c) => c.meetings.update("m", { title: "N" }),
    MEETING,
    "PATCH /v2/meetings/m",
    { title: "N" },
  ],
  [
    "meetings.overwrite",
    (c) => c.meetings.overwrite("m", { linked_records: [] }),
    MEETING,
    "PUT /v2/meetings/m",
    { linked_records: [] },
  ],
  ["meetings.delete", (c) => c.meetings.delete("m"), undefined, "DELETE /v2/meetings/m"],
  [
    "callRecordings.create",
    (c) => c.callRecordings.create("m", { video_url: "https://example.org/a.mp4" }),
    RECORDING,
    "POST /v2/meetings/m/call_recordings",
    { video_url: "https://example.org/a.mp4" },
  ],
  [
    "callRecordings.delete",
    (c) => c.callRecordings.delete("m", "c"),
    undefined,
    "DELETE /v2/meetings/m/call_recordings/c",
  ],
  ["files.delete", (c) => c.files.delete("f"), undefined, "DELETE /v2/files/f"],
  [
    "webhooks.create",
    (c) =>
      c.webhooks.create({
        target_url: "https://example.org",
        subscriptions: [{ event_type: "record.created", filter: null }],
      }),
    WEBHOOK,
    "POST /v2/webhooks",
    { target_url: "https://example.org", subscriptions: [{ event_type: "record.created", filter: null }] },
  ],
  [
    "webhooks.update",
    (c) => c.webhooks.update("h", { target_url: "https://example.com" }),
    WEBHOOK,
    "PATCH /v2/webhooks/h",
    { target_url: "https://example.com" },
  ],
  ["webhooks.delete", (c) => c.webhooks.delete("h"), undefined, "DELETE /v2/webhooks/h"],
  [
    "activities.create",
    (c) => c.activities.create({ api_slug: "a", singular_noun: "A", plural_noun: "As", extends: "calls" }),
    ACTIVITY,
    "POST /v2/activities",
    { api_slug: "a", singular_noun: "A", plural_noun: "As", extends: "calls" },
  ],
  [
    "activities.update",
    (c) => c.activities.update("a", { plural_noun: "B" }),
    ACTIVITY,
    "PATCH /v2/activities/a",
    { plural_noun: "B" },
  ],
  [
    "sequences.unsubscribe",
    (c) => c.sequences.unsubscribe(["a@example.org"]),
    [{ email_address: "a@example.org", created_at: CREATED_AT }],
    "POST /v2/sequences/unsubscribed_emails",
    { email_addresses: ["a@example.org"] },
  ],
];

/** What may not be sent again unless it was surely not done the first time. */
const ONCE_ONLY = new Set([
  "records.update",
  ...WRITES.map(([name]) => name).filter((name) => /create|merge/.test(name)),
]);

describe("writes", () => {
  it.each(WRITES)(
    "%s sends what Attio expects, in the write budget",
    async (_, call, answer, request, data) => {
      const kinds: string[] = [];
      const { client, server } = await pair(
        (__, response) => json(response, 200, answer === undefined ? {} : { data: answer }),
        {
          budget: { acquire: (kind) => Promise.resolve(void kinds.push(kind)), pauseUntil: () => undefined },
        },
      );
      await call(client);
      const [seen] = server.requests;
      expect(`${seen?.method} ${seen?.url}`).toBe(request);
      expect(seen?.body === "" ? undefined : JSON.parse(seen?.body ?? "")).toEqual(data && { data });
      expect(kinds).toEqual(["write"]);
    },
  );

  it.each(WRITES)("%s is repeated after a 429", async (_, call, answer) => {
    const { client, server } = await pair((__, response, attempt) =>
      attempt === 1 ? json(response, 429, {}) : json(response, 200, { data: answer }),
    );
    await call(client);
    expect(server.requests).toHaveLength(2);
  });

  it.each(WRITES)(
    "%s is repeated after a lost answer only if that does no harm",
    async (name, call, answer) => {
      const { client, server } = await pair((__, response, attempt) =>
        attempt === 1 ? response.socket?.destroy() : json(response, 200, { data: answer }),
      );
      if (ONCE_ONLY.has(name)) {
        await expect(call(client)).rejects.toMatchObject({ code: "network_error", sent: "maybe" });
        expect(server.requests).toHaveLength(1);
      } else {
        await call(client);
        expect(server.requests).toHaveLength(2);
      }
    },
  );

  it("that surely were not sent are repeated", async () => {
    const { client, server, delays } = await pair(() => undefined, { retry: { attempts: 3 } });
    await server.close();
    const error = await rejection(client.records.create("people", {}));
    expect(error).toMatchObject({ sent: "no", attempt: 3 });
    expect(delays).toHaveLength(2);
  });

  it("of single values by PATCH are repeated, and of lists if the caller says so", async () => {
    const { client, server } = await pair((_, response, attempt) =>
      attempt % 2 === 1 ? json(response, 502, {}) : json(response, 200, { data: RECORD }),
    );
    await client.records.update("people", { recordId: "r", values: { name: "A", value: null } });
    await client.records.update("people", { recordId: "r", values: { tags: ["x"] } }, { idempotent: true });
    expect(server.requests).toHaveLength(4);
  });

  const RECORD_WRITES = WRITES.filter(([name]) =>
    ["records.create", "records.assert", "records.update", "records.overwrite"].includes(name),
  );
  const conflict = apiError(409, "concurrent_write_conflict");

  it.each(RECORD_WRITES)(
    "%s that met another write is sent again with growing pauses, since nothing was applied",
    async (_, call, answer) => {
      const { client, server, delays } = await pair((__, response, attempt) =>
        attempt < 3 ? json(response, 409, conflict) : json(response, 200, { data: answer }),
      );
      await call(client);
      expect(server.requests).toHaveLength(3);
      expect(delays).toEqual([187.5, 375]);
    },
  );

  it("that meet another write each time, or whose caller reads again first, throw that", async () => {
    expect(RECORD_WRITES).toHaveLength(4);
    const { client, server } = await pair((_, response) => json(response, 409, conflict), {
      retry: { attempts: 4 },
    });
    const values = { name: "A" };
    const error = await rejection(client.records.create("people", values));
    expect(error).toBeInstanceOf(AttioConcurrentWriteError);
    expect(server.requests).toHaveLength(4);
    await rejection(client.records.update("people", { recordId: "r", values }, { retryConflicts: false }));
    expect(server.requests).toHaveLength(5);
  });

  it("of another 409 are not sent again", async () => {
    const { client, server } = await pair((_, response) =>
      json(response, 409, apiError(409, "uniqueness_conflict")),
    );
    await rejection(client.records.create("people", {}));
    expect(server.requests).toHaveLength(1);
  });

  it("throw what Attio refuses", async () => {
    const { client, server } = await pair((_, response) =>
      json(response, 400, apiError(400, "uniqueness_conflict")),
    );
    const error = await rejection(client.records.create("people", { email_addresses: ["a"] }));
    expect(error).toBeInstanceOf(AttioConflictError);
    expect(server.requests).toHaveLength(1);
  });
});

describe("deletes", () => {
  it("take not_found for success when an earlier attempt had no answer", async () => {
    const { client } = await pair((_, response, attempt) =>
      attempt === 1 ? response.socket?.destroy() : json(response, 404, apiError(404, "not_found")),
    );
    await expect(client.records.delete("people", "r")).resolves.toBeUndefined();
  });

  it("throw not_found at the first attempt", async () => {
    const { client } = await pair((_, response) => json(response, 404, apiError(404, "not_found")));
    await expect(client.records.delete("people", "r")).rejects.toBeInstanceOf(AttioNotFoundError);
  });

  it("accept an empty answer", async () => {
    const { client } = await pair((_, response) => response.writeHead(204).end());
    await expect(client.callRecordings.delete("m", "c")).resolves.toBeUndefined();
  });
});

describe("answers", () => {
  it.each([
    [200, true],
    [202, false],
  ])("of a merge with status %i say whether the new record is readable: %s", async (status, isReadable) => {
    const { client } = await pair((_, response) => json(response, status, { data: { new_record_id: "n" } }));
    const result = await client.records.merge("people", { primaryRecordId: "a", secondaryRecordId: "b" });
    expect(result).toEqual({ newRecordId: "n", isReadable });
  });

  it("of a new webhook hold the secret", async () => {
    const { client } = await pair((_, response) => json(response, 200, { data: WEBHOOK }));
    const webhook = await client.webhooks.create({ target_url: "https://example.org", subscriptions: [] });
    expect(webhook.secret).toBe("s");
  });

  it("of SQL are rows, of a search results", async () => {
    const result = { id: RECORD.id, record_text: "A", record_image: null, object_slug: "people" };
    const { client, server } = await pair((request, response) =>
      json(response, 200, { data: request.url === "/v2/sql" ? { rows: [{ n: 1 }] } : [result] }),
    );
    expect(await client.sql("SELECT 1 AS n")).toEqual([{ n: 1 }]);
    expect(await client.records.search({ query: "a", objects: ["people"] })).toEqual([result]);
    expect(server.requests.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      { sql: "SELECT 1 AS n" },
      { query: "a", objects: ["people"], request_as: { type: "workspace" } },
    ]);
  });

  it("of SCIM are in its own shapes, or missing", async () => {
    const { client } = await pair((request, response) => {
      if (request.method === "PATCH") response.writeHead(204).end();
      else if (request.method === "POST") json(response, 201, { id: "u", userName: "a" });
      else json(response, 200, { totalResults: 1, startIndex: 1, itemsPerPage: 1, Resources: [{ id: "u" }] });
    });
    expect(await client.scim.users.create({ userName: "a" })).toEqual({ id: "u", userName: "a" });
    expect(await client.scim.users.update("u", { Operations: [] })).toBeNull();
    expect((await client.scim.groups.list({ count: 1 })).Resources).toEqual([{ id: "u" }]);
    expect(await client.scim.schemas()).toEqual([{ id: "u" }]);
  });

  it("of file writes come with or without the envelope", async () => {
    const { client } = await pair((_, response, attempt) =>
      json(response, 200, attempt === 1 ? FILE : { data: FILE }),
    );
    const folder = { object: "people", record_id: "r", file_type: "folder", name: "F" } as const;
    for (let count = 0; count < 2; count += 1) {
      expect((await client.files.create(folder)).id.file_id).toBe("f");
    }
  });
});

it("there are 27 types of events", () => {
  expect(new Set(WEBHOOK_EVENT_TYPES).size).toBe(27);
});
