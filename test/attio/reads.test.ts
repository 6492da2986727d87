import { describe, expect, it } from "vitest";
import { AttioSchemaError, hasScope, type AttioRecord } from "../../src/attio/index.ts";
import { pair, rejection } from "./support/clients.ts";
import { apiError, json, type SeenRequest } from "./support/server.ts";

const CREATED_AT = "2025-03-25T06:44:30.177000000Z";

function record(id: string): AttioRecord {
  return {
    id: { workspace_id: "w", object_id: "o", record_id: id },
    created_at: CREATED_AT,
    web_url: `https://app.attio.com/w/person/${id}`,
    values: { name: [{ value: id }], domains: [] },
  };
}

function note(id: string) {
  return {
    id: { workspace_id: "w", note_id: id },
    parent_object: "people",
    parent_record_id: "r",
    title: "T",
    meeting_id: null,
    content_plaintext: "x",
    content_markdown: "x",
    tags: [],
    created_by_actor: { type: "system", id: null },
    created_at: CREATED_AT,
  };
}

function queryOf(request: SeenRequest): Record<string, string> {
  return Object.fromEntries(new URL(request.url, "http://x").searchParams);
}

describe("record queries", () => {
  it("send filter, sorts and window, and map each record", async () => {
    const { client, server } = await pair((_, response) =>
      json(response, 200, { data: [record("a"), record("b")] }),
    );
    const page = await client.records.query(
      "people",
      {
        filter: { record_id: { $in: ["a"] } },
        sorts: [{ attribute: "created_at", direction: "asc" }],
        limit: 2,
        offset: 4,
      },
      { map: (item) => item.id.record_id },
    );
    expect(page).toEqual({ items: ["a", "b"], nextCursor: null });
    expect(server.requests[0]).toMatchObject({ method: "POST", url: "/v2/objects/people/records/query" });
    expect(JSON.parse(server.requests[0]?.body ?? "")).toEqual({
      filter: { record_id: { $in: ["a"] } },
      sorts: [{ attribute: "created_at", direction: "asc" }],
      limit: 2,
      offset: 4,
    });
  });

  it("give records as they are, missing values as none", async () => {
    const { client } = await pair((_, response) =>
      json(response, 200, {
        data: [record("a"), { ...record("b"), values: null, web_url: undefined, new_key: 1 }],
      }),
    );
    const { items } = await client.records.query("people");
    expect(items).toEqual([record("a"), { ...record("b"), values: {}, web_url: null, new_key: 1 }]);
  });

  it.each([
    [{ ...record("a"), id: { record_id: "a" } }, "id.workspace_id"],
    [{ ...record("a"), created_at: null }, "created_at"],
    [{ ...record("a"), values: { name: "x" } }, "values.name"],
    [null, "data.*"],
  ])("refuse %j at %s", async (item, path) => {
    const { client } = await pair((_, response) => json(response, 200, { data: [item] }));
    const error = await rejection(client.records.query("people"));
    expect(error).toBeInstanceOf(AttioSchemaError);
    expect(error).toMatchObject({
      code: "unexpected_shape",
      paths: [path],
      path: "/v2/objects/people/records/query",
    });
  });

  it("throw what map throws, untouched and without a retry", async () => {
    const { client, server } = await pair((_, response) => json(response, 200, { data: [record("a")] }));
    const failure = new Error("mapping");
    const map = () => {
      throw failure;
    };
    await expect(client.records.query("people", {}, { map })).rejects.toBe(failure);
    expect(server.requests).toHaveLength(1);
  });
});

describe("record listings", () => {
  it("walk pages that are shorter than asked, in creation order, until an empty one", async () => {
    const all = ["a", "b", "c", "d", "e"].map(record);
    const { client, server } = await pair((request, response) => {
      const { offset, sorts } = JSON.parse(request.body) as { offset: number; sorts: unknown };
      expect(sorts).toEqual([{ attribute: "created_at", direction: "asc" }]);
      json(response, 200, { data: all.slice(offset, offset + 2) });
    });
    expect(await client.records.list("people", { pageSize: 4 })).toEqual(all);
    expect(server.requests).toHaveLength(4);
  });

  it("end when a page brings nothing new", async () => {
    const { client, server } = await pair((_, response) => json(response, 200, { data: [record("a")] }));
    expect(await client.records.list("people")).toHaveLength(1);
    expect(server.requests).toHaveLength(2);
  });

  it("fetch a page only when it is wanted", async () => {
    const { client, server } = await pair((_, response, attempt) =>
      json(response, 200, { data: [record(`${attempt}a`), record(`${attempt}b`)] }),
    );
    const seen: string[] = [];
    for await (const item of client.records.stream("people")) {
      seen.push(item.id.record_id);
      if (seen.length === 2) break;
    }
    expect(server.requests).toHaveLength(1);
  });
});

describe("listings by cursor", () => {
  const meeting = { id: { workspace_id: "w", meeting_id: "m" }, created_at: CREATED_AT };

  it("go through empty pages to the end", async () => {
    const cursors: (string | undefined)[] = [];
    const { client } = await pair((request, response, attempt) => {
      cursors.push(queryOf(request).cursor);
      json(response, 200, {
        data: attempt === 2 ? [] : [meeting],
        pagination: { next_cursor: attempt < 3 ? `c${attempt}` : null },
      });
    });
    expect(await client.meetings.list()).toHaveLength(2);
    expect(cursors).toEqual([undefined, "c1", "c2"]);
  });

  it("refuse to run in a circle", async () => {
    const { client } = await pair((_, response) =>
      json(response, 200, { data: [], pagination: { next_cursor: "again" } }),
    );
    await expect(client.meetings.list()).rejects.toBeInstanceOf(AttioSchemaError);
  });
});

describe("resources", () => {
  it("page through attributes and read their loose parts", async () => {
    const attribute = (id: string) => ({
      id: { workspace_id: "w", object_id: "o", attribute_id: id },
      title: "Team",
      description: null,
      api_slug: "team",
      type: "hologram",
      is_system_attribute: true,
      is_writable: true,
      is_required: false,
      is_unique: false,
      is_multiselect: true,
      is_default_value_enabled: false,
      is_archived: true,
      default_value: null,
      relationship: { id: { workspace_id: "w", object_id: "o2", attribute_id: "x" } },
      created_at: CREATED_AT,
      config: {
        currency: { default_currency_code: null, display_type: null },
        record_reference: {},
        beam: 1,
      },
    });
    const { client, server } = await pair((request, response) => {
      const offset = Number(queryOf(request).offset);
      json(response, 200, { data: ["1", "2", "3"].slice(offset, offset + 2).map(attribute) });
    });
    const attributes = await client.attributes.list("lists", "sales", { showArchived: true });
    expect(attributes.map((item) => item.id.attribute_id)).toEqual(["1", "2", "3"]);
    expect(attributes[0]).toMatchObject({
      type: "hologram",
      relationship: { api_slug: null },
      config: { beam: 1 },
    });
    expect(server.requests[0]?.url).toBe("/v2/lists/sales/attributes?show_archived=true&limit=200&offset=0");
  });

  it("ask for past values", async () => {
    const { client, server } = await pair((_, response) => json(response, 200, { data: [{ value: 1 }] }));
    expect(await client.records.values("people", "r", "stage", { showHistoric: true })).toEqual([
      { value: 1 },
    ]);
    expect(server.requests[0]?.url).toBe(
      "/v2/objects/people/records/r/attributes/stage/values?show_historic=true",
    );
  });

  it("list notes 50 at a time", async () => {
    const notes = Array.from({ length: 60 }, (_, index) => note(String(index)));
    const { client, server } = await pair((request, response) => {
      const { limit, offset } = queryOf(request);
      json(response, 200, {
        data: notes.slice(Number(offset), Number(offset) + Math.min(50, Number(limit))),
      });
    });
    expect(await client.notes.list({ parentObject: "people", parentRecordId: "r" })).toEqual(notes);
    expect(queryOf(server.requests[1] ?? ({ url: "/" } as SeenRequest))).toEqual({
      limit: "50",
      offset: "50",
      parent_object: "people",
      parent_record_id: "r",
    });
  });

  it("list threads of a record or of an entry", async () => {
    const { client, server } = await pair((_, response) => json(response, 200, { data: [] }));
    await client.threads.list({ recordId: "r", object: "people" });
    await client.threads.page({ entryId: "e", list: "sales" }, { limit: 50 });
    expect(server.requests.map(queryOf)).toEqual([
      { record_id: "r", object: "people", limit: "50", offset: "0" },
      { entry_id: "e", list: "sales", limit: "50" },
    ]);
  });

  it("read a recording's transcript", async () => {
    const recording = {
      id: { workspace_id: "w", meeting_id: "m", call_recording_id: "c" },
      status: "completed",
      web_url: null,
      created_by_actor: { type: "system", id: null },
      created_at: CREATED_AT,
      transcript: { segments: [{ speech: "hi" }], raw_transcript: "hi" },
    };
    const { client } = await pair((_, response) => json(response, 200, { data: recording }));
    expect(await client.callRecordings.get("m", "c")).toEqual(recording);
  });
});

describe("self", () => {
  const active = {
    active: true,
    scope: "record_permission:read-write note:read",
    client_id: "c",
    workspace_id: "w",
    workspace_name: "Acme",
    workspace_slug: "acme",
    exp: null,
    iat: 1,
  };

  it.each([
    [200, { active: false }, false],
    [400, apiError(400, "missing_value"), false],
    [401, apiError(401, "unauthorized"), false],
    [200, active, true],
  ])("answered %i %j is active: %s", async (status, body, expected) => {
    const { client } = await pair((_, response) => json(response, status, body));
    expect(await client.self()).toMatchObject({ active: expected });
  });

  it("throws when Attio is out of order", async () => {
    const { client } = await pair((_, response) => json(response, 500, {}), { retry: { attempts: 1 } });
    await expect(client.self()).rejects.toMatchObject({ status: 500 });
  });

  it("knows that writing includes reading", () => {
    expect(hasScope(active.scope, "record_permission", "read")).toBe(true);
    expect(hasScope(active.scope, "note", "read")).toBe(true);
    expect(hasScope(active.scope, "note", "read-write")).toBe(false);
    expect(hasScope(active.scope, "record", "read")).toBe(false);
  });
});
