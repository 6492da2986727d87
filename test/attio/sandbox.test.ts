import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAttioClient, type AttioClient } from "../../src/attio/index.ts";
import { startSandbox, type Sandbox } from "../../src/sandbox/index.ts";
import { OPEN_BUDGET } from "./support/clients.ts";

/** The simulated workspace knows nothing of the client: what one says, the other must understand. */
describe("client and sandbox", () => {
  let sandbox: Sandbox;
  let client: AttioClient;

  beforeAll(async () => {
    sandbox = await startSandbox();
    client = createAttioClient({
      token: sandbox.token,
      baseUrl: sandbox.url,
      budget: OPEN_BUDGET,
      retry: { minDelayMs: 1, maxDelayMs: 5 },
    });
  });

  afterAll(async () => {
    await client.close();
    await sandbox.close();
  });

  it("agree on the token", async () => {
    expect(await client.self()).toMatchObject({ active: true, workspace_id: sandbox.workspaceId });
  });

  it("agree on objects, lists, attributes, options and statuses", async () => {
    const objects = await client.objects.list();
    const lists = await client.lists.list();
    expect(objects.length).toBeGreaterThan(2);
    expect(lists.length).toBeGreaterThan(0);
    const targets = [
      ...objects.map((object) => ["objects", object.id.object_id] as const),
      ...lists.map((list) => ["lists", list.id.list_id] as const),
    ];
    const types = new Set<string>();
    for (const [target, id] of targets) {
      for (const attribute of await client.attributes.list(target, id, { showArchived: true })) {
        types.add(attribute.type);
        const { attribute_id: attributeId } = attribute.id;
        if (attribute.type === "select") await client.attributes.options(target, id, attributeId);
        if (attribute.type === "status") await client.attributes.statuses(target, id, attributeId);
      }
    }
    for (const type of ["text", "select", "status", "record-reference"]) expect(types).toContain(type);
  });

  it("agree on every record and every entry", async () => {
    let records = 0;
    for (const { id } of await client.objects.list()) {
      for await (const record of client.records.stream(id.object_id, { pageSize: 200 })) {
        records += 1;
        expect(record.id.object_id).toBe(id.object_id);
      }
    }
    expect(records).toBeGreaterThan(50);
    for (const { id } of await client.lists.list()) {
      for (const entry of await client.entries.list(id.list_id)) {
        expect(await client.entries.get(id.list_id, entry.id.entry_id)).toEqual(entry);
      }
    }
  });

  it("agree on notes, tasks, comments, members, meetings, recordings and files", async () => {
    expect((await client.members.list()).length).toBeGreaterThan(0);
    expect((await client.notes.list()).length).toBeGreaterThan(0);
    expect((await client.tasks.list()).length).toBeGreaterThan(0);
    const meetings = await client.meetings.list();
    expect(meetings.length).toBeGreaterThan(0);
    for (const { id } of meetings) await client.callRecordings.list(id.meeting_id);
    const [person] = (await client.records.query("people", { limit: 1 })).items;
    const recordId = person?.id.record_id ?? "";
    await client.threads.list({ object: "people", recordId });
    await client.files.list({ object: "people", recordId });
    await client.records.entries("people", recordId);
    expect(await client.records.values("people", recordId, "name", { showHistoric: true })).not.toHaveLength(
      0,
    );
  });

  it.each([
    ["a 500", { kind: "status", status: 500 }],
    ["a 429", { kind: "status", status: 429 }],
    ["a cut", { kind: "cut" }],
    ["a truncated body", { kind: "truncate" }],
    ["an HTML page", { kind: "html", status: 200 }],
  ] as const)("get over %s", async (_, fault) => {
    const handle = sandbox.faults.add({ ...fault, path: /query/, times: 1 });
    expect((await client.records.query("people", { limit: 5 })).items).toHaveLength(5);
    expect(handle.hits).toBe(1);
  });
});
