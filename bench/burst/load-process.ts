import { createHmac, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { Pool } from "undici";
import type { LoadOrder, LoadRequest, LoadResult } from "./messages.ts";

/** Many, as a sender that waits for nobody has: with few, how long a commit takes would bound the rate. */
const CONNECTIONS = 256;
const TICK_MS = 5;

const order = JSON.parse(process.argv[2] ?? "") as LoadOrder;
const pool = new Pool(order.origin, { connections: CONNECTIONS });
const path = `/webhooks/attio/${order.generation}`;

let firstDueMs: number | undefined;
let lastAnswerMs = 0;
let latenciesMs: number[] = [];
let statuses: Record<number, number> = {};
const underWay = new Set<Promise<void>>();

/** Delivers one event; its latency is counted from when it was due, so that no queue in here is left out. */
function deliver(event: unknown, dueMs: number): void {
  firstDueMs ??= dueMs;
  const delivery = send(event).then((status) => {
    lastAnswerMs = performance.now();
    latenciesMs.push(lastAnswerMs - dueMs);
    statuses[status] = (statuses[status] ?? 0) + 1;
    underWay.delete(delivery);
  });
  underWay.add(delivery);
}

async function send(event: unknown): Promise<number> {
  const body = JSON.stringify({ webhook_id: order.webhookId, events: [event] });
  const headers = {
    "content-type": "application/json",
    "attio-signature": createHmac("sha256", order.secret).update(body).digest("hex"),
    "idempotency-key": randomUUID(),
  };
  try {
    const { statusCode, body: answer } = await pool.request({ method: "POST", path, headers, body });
    await answer.dump();
    return statusCode;
  } catch {
    return 0;
  }
}

async function make(events: number, perSecond: number): Promise<void> {
  const id = { workspace_id: randomUUID(), object_id: randomUUID(), attribute_id: randomUUID() };
  const actor = { type: "workspace-member", id: randomUUID() };
  firstDueMs = undefined;
  latenciesMs = [];
  statuses = {};
  const beganMs = performance.now();
  for (let made = 0; made < events;) {
    const due = Math.min(events, ((performance.now() - beganMs) * perSecond) / 1_000);
    for (; made < due; made++) {
      const event = { event_type: "record.updated", id: { ...id, record_id: randomUUID() }, actor };
      deliver(event, beganMs + (made * 1_000) / perSecond);
    }
    await delay(TICK_MS);
  }
  await finish();
}

async function finish(): Promise<void> {
  await Promise.all(underWay);
  const result: LoadResult = {
    seconds: (lastAnswerMs - (firstDueMs ?? 0)) / 1_000,
    lastAnswerAtMs: performance.timeOrigin + lastAnswerMs,
    latenciesMs,
    statuses,
  };
  process.send?.(result);
}

process.on("message", (request: LoadRequest) => {
  if (request.do === "make") void make(request.events, request.perSecond);
  else if (request.do === "finish") void finish();
  else for (const event of request.events) deliver(event, performance.now());
});
process.stdout.write("{}\n");
