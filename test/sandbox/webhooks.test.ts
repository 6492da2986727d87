import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { EVENT_TYPES, type Sandbox } from "../../src/sandbox/index.ts";
import { look, looks, start, type Request } from "./support.ts";

interface Received {
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  readonly type: string;
}

interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** The status of the next answers; 0 keeps the answer back. */
  status: number;
}

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function receive(): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const text = Buffer.concat(parts).toString();
      const { events } = JSON.parse(text) as { events: { event_type: string }[] };
      received.push({ headers: request.headers, text, type: events.map((event) => event.event_type).join() });
      if (receiver.status !== 0) response.writeHead(receiver.status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push(server);
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/hook`;
  const receiver: Receiver = { url, received, status: 200 };
  return receiver;
}

async function subscribe(
  request: Request,
  target_url: string,
  types: readonly string[] = EVENT_TYPES,
  filter: unknown = null,
) {
  const subscriptions = types.map((event_type) => ({ event_type, filter }));
  return request("POST", "/v2/webhooks", { data: { target_url, subscriptions } });
}

async function subscribed(options: { types?: readonly string[]; filter?: unknown } = {}) {
  const { sandbox, request } = await start({
    seed: "empty",
    webhooks: { firstRetryMs: 5, retries: 3, timeoutMs: 30_000 },
  });
  const receiver = await receive();
  const made = await subscribe(request, receiver.url, options.types, options.filter);
  return {
    sandbox,
    request,
    receiver,
    id: String(look(made, "data.id.webhook_id")),
    secret: String(look(made, "data.secret")),
  };
}

const addCompany = (sandbox: Sandbox, name: string) => sandbox.store.createRecord("companies", { name });

test("a write with a token is delivered with the token as actor", async () => {
  const { sandbox, request, receiver } = await subscribed({ types: ["record.created"] });
  await request("POST", "/v2/objects/companies/records", { data: { values: { name: "Acme" } } });
  await sandbox.webhooks.idle();
  const delivered: unknown = JSON.parse(receiver.received[0]?.text ?? "");
  expect(delivered).toMatchObject({ events: [{ actor: { type: "api-token", id: sandbox.access.id } }] });
});

describe("registration", () => {
  test("the secret is told once, by the answer to the creation", async () => {
    const { request, id, secret } = await subscribed();
    expect(secret).not.toBe("");
    const { body } = await request("GET", `/v2/webhooks/${id}`);
    expect(body).toMatchObject({ data: { status: "active", id: { webhook_id: id } } });
    expect(JSON.stringify(body)).not.toContain(secret);
  });

  test("the filter must be there and the URL https or local", async () => {
    const { request } = await start();
    const none = await request("POST", "/v2/webhooks", {
      data: { target_url: "https://x.com/y", subscriptions: [{ event_type: "record.created" }] },
    });
    expect(none).toMatchObject({ status: 400, body: { code: "validation_type" } });
    expect(look(none, "validation_errors.0.path")).toEqual(["data", "subscriptions", 0, "filter"]);
    expect((await subscribe(request, "http://example.com/x")).status).toBe(400);
    expect((await subscribe(request, "https://example.com/x", ["nope.created"])).status).toBe(400);
  });

  test("equal target, type and filter are refused, whatever the order of conditions", async () => {
    const { request } = await start();
    const [a, b] = ["a", "b"].map((value) => ({ field: "actor.id", operator: "equals", value }));
    const url = "https://example.com/x";
    expect((await subscribe(request, url, ["record.created"], { $and: [a, b] })).status).toBe(200);
    const again = await subscribe(request, url, ["record.created"], { $and: [b, a] });
    expect(again).toMatchObject({ status: 409, body: { code: "uniqueness_conflict" } });
    expect((await subscribe(request, url, ["record.created"], null)).status).toBe(200);
    expect((await subscribe(request, url, ["record.created"], { $and: [] })).status).toBe(409);
    expect((await subscribe(request, url, ["task.created", "task.created"])).status).toBe(409);
  });

  test("webhooks are listed, changed and deleted", async () => {
    const { request, id } = await subscribed();
    expect(looks(await request("GET", "/v2/webhooks"), "data")).toHaveLength(1);
    expect((await request("GET", "/v2/webhooks?limit=5")).status).toBe(400);
    const changed = await request("PATCH", `/v2/webhooks/${id}`, {
      data: { target_url: "https://example.com/z" },
    });
    expect(look(changed, "data.target_url")).toBe("https://example.com/z");
    expect((await request("DELETE", `/v2/webhooks/${id}`)).body).toEqual({});
    expect((await request("DELETE", `/v2/webhooks/${id}`)).status).toBe(404);
  });
});

describe("delivery", () => {
  test("one event comes signed over its raw bytes", async () => {
    const { sandbox, receiver, id, secret } = await subscribed();
    const acme = addCompany(sandbox, "Acme");
    await sandbox.webhooks.idle();
    const [delivery] = receiver.received;
    expect(JSON.parse(delivery?.text ?? "")).toEqual({
      webhook_id: id,
      events: [
        {
          event_type: "record.created",
          id: { workspace_id: sandbox.workspaceId, object_id: acme.container.id, record_id: acme.id },
          actor: { type: "workspace-member", id: sandbox.store.members()[0]?.id },
        },
      ],
    });
    const signature = createHmac("sha256", secret)
      .update(delivery?.text ?? "")
      .digest("hex");
    expect(delivery?.headers["attio-signature"]).toBe(signature);
    expect(delivery?.headers["x-attio-signature"]).toBe(signature);
    expect(delivery?.headers["idempotency-key"]).toBeTypeOf("string");
  });

  test("filters choose by object and by actor", async () => {
    const { sandbox, request, receiver } = await subscribed({
      types: ["record.created"],
      filter: { $and: [{ field: "actor.type", operator: "not_equals", value: "api-token" }] },
    });
    addCompany(sandbox, "by a colleague");
    await request("POST", "/v2/objects/companies/records", { data: { values: { name: "by the token" } } });
    await sandbox.webhooks.idle();
    expect(receiver.received).toHaveLength(1);
  });

  test("a failed delivery is retried under the same key, then the webhook is degraded and recovers", async () => {
    const { sandbox, request, receiver, id } = await subscribed();
    receiver.status = 500;
    addCompany(sandbox, "Acme");
    await sandbox.webhooks.idle();
    expect(receiver.received).toHaveLength(4);
    expect(new Set(receiver.received.map((one) => one.headers["idempotency-key"])).size).toBe(1);
    expect(look(await request("GET", `/v2/webhooks/${id}`), "data.status")).toBe("degraded");
    receiver.status = 204;
    addCompany(sandbox, "Beta");
    await sandbox.webhooks.idle();
    expect(look(await request("GET", `/v2/webhooks/${id}`), "data.status")).toBe("active");
  });

  test("a receiver that doesn't answer in time has failed", async () => {
    const { sandbox, receiver } = await subscribed();
    receiver.status = 0;
    sandbox.webhooks.settings.timeoutMs = 20;
    addCompany(sandbox, "Acme");
    await sandbox.webhooks.idle();
    expect(sandbox.webhooks.deliveries[0]?.attempts.map((one) => one.outcome)).toEqual(
      Array(4).fill("timeout"),
    );
  });

  test("a webhook degraded for too long is inactive and gets nothing more", async () => {
    const { sandbox, request, receiver, id } = await subscribed();
    sandbox.webhooks.settings.inactiveAfterMs = 0;
    sandbox.webhooks.setStatus(id, "degraded");
    addCompany(sandbox, "Acme");
    await sandbox.webhooks.idle();
    expect(receiver.received).toEqual([]);
    expect(look(await request("GET", `/v2/webhooks/${id}`), "data.status")).toBe("inactive");
  });

  test("deliveries can be doubled, dropped, delayed, reordered and forged", async () => {
    const { sandbox, receiver, secret } = await subscribed({ types: ["record.created"] });
    const { faults } = sandbox.webhooks;
    const nameOf = ({ text }: Received): unknown => {
      const { events } = JSON.parse(text) as { events: { id: { record_id: string } }[] };
      const record = sandbox.store.record("companies", events[0]?.id.record_id ?? "");
      return sandbox.store.values(record, "name").active[0]?.fields["value"];
    };
    faults.add({ kind: "duplicate", times: 1 });
    addCompany(sandbox, "doubled");
    await sandbox.webhooks.idle();
    faults.add({ kind: "drop", times: 1 });
    addCompany(sandbox, "dropped");
    faults.add({ kind: "delay", ms: 300, times: 1 });
    addCompany(sandbox, "delayed");
    addCompany(sandbox, "prompt");
    await sandbox.webhooks.idle();
    faults.add({ kind: "reorder", times: 1 });
    sandbox.webhooks.settings.perSecond = 1;
    addCompany(sandbox, "overtaken");
    addCompany(sandbox, "overtaking");
    await sandbox.webhooks.idle();
    const names = receiver.received.map(nameOf);
    expect(names).toEqual(["doubled", "doubled", "prompt", "delayed", "overtaking", "overtaken"]);
    const [first, copy] = receiver.received;
    expect(copy?.headers["idempotency-key"]).toBe(first?.headers["idempotency-key"]);
    sandbox.webhooks.settings.perSecond = 25;
    faults.add({ kind: "forge", times: 1 });
    addCompany(sandbox, "forged");
    await sandbox.webhooks.idle();
    const forged = receiver.received.at(-1);
    const signature = createHmac("sha256", secret)
      .update(forged?.text ?? "")
      .digest("hex");
    expect(forged?.headers["attio-signature"]).not.toBe(signature);
  });

  test("a burst is spread over time", async () => {
    const { sandbox, receiver } = await subscribed({ types: ["record.created"] });
    sandbox.webhooks.settings.perSecond = 5;
    for (let index = 0; index < 8; index++) addCompany(sandbox, `C${index}`);
    await sandbox.webhooks.idle();
    expect(receiver.received).toHaveLength(8);
    const starts = sandbox.webhooks.deliveries.flatMap((one) => one.attempts.map((attempt) => attempt.atMs));
    const [first = 0, , , , , sixth = 0] = starts.toSorted((one, two) => one - two);
    expect(sixth - first).toBeGreaterThan(900);
  });
});

test("every documented event is emitted", async () => {
  const { sandbox } = await start({});
  const { store } = sandbox;
  const seen = new Set<string>();
  store.onEvent((event) => seen.add(event.event_type));
  const [one, two] = ["One", "Two"].map((name) => store.createRecord("companies", { name }));
  if (one === undefined || two === undefined) throw new Error("no records");
  store.updateRecord("companies", one.id, { name: "Uno" });
  const entry = store.createEntry("sales", one);
  store.updateEntry("sales", entry.id, { stage: "Closed" });
  store.deleteEntry("sales", entry.id);
  const note = store.createNote({ record: one, title: "T", content: "C" });
  store.updateNote(note.id, { title: "U", content: "D" });
  store.deleteNote(note.id);
  const task = store.createTask({ content: "X" });
  store.updateTask(task.id, { isCompleted: true });
  store.deleteTask(task.id);
  const { comment } = store.createComment({ content: "Hi", on: one });
  store.resolveComment(comment.id, true);
  store.resolveComment(comment.id, false);
  store.deleteComment(comment.id);
  const merged = store.mergeRecords("companies", one.id, two.id);
  store.deleteRecord("companies", merged.id);
  store.createList({ slug: "l", name: "L", parentObject: "people" });
  store.updateList("l", { name: "M" });
  store.createAttribute({ list: "l" }, { slug: "a", type: "text" });
  store.updateAttribute({ list: "l" }, "a", { title: "A" });
  store.deleteList("l");
  store.createAttribute("people", { slug: "b", type: "text" });
  store.updateAttribute("people", "b", { title: "B" });
  const meetingId = store.meetings()[0]?.id ?? "";
  store.finishRecording(store.createRecording({ meetingId, status: "processing" }).id);
  store.createMember({ firstName: "New", lastName: "One", emailAddress: "new@x.com" });
  expect([...seen].sort()).toEqual([...EVENT_TYPES].sort());
});
