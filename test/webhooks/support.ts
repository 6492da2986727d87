import { createHmac } from "node:crypto";
import fastify, { type FastifyInstance } from "fastify";
import { Pool } from "undici";
import { afterEach } from "vitest";
import type { Sql } from "../../src/db/index.ts";
import { silentLog } from "../../src/logger.ts";
import { webhookRoutes } from "../../src/webhooks/routes.ts";
import { createReceiverStats, type ReceiverStats } from "../../src/webhooks/stats.ts";

const undos: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const undo of undos.splice(0).toReversed()) await undo();
});

/** Undone after the test, last first. */
export function later(undo: () => Promise<unknown>): void {
  undos.push(undo);
}

/** What a delivery was answered. */
export interface Answer {
  status: number;
  text: string;
}

/** What is sent besides the body. */
export interface Sending {
  generation?: number | string;
  /** Signs the body; none = not signed. */
  secret?: string | undefined;
  /** The `Idempotency-Key`; none = not sent. */
  key?: string | undefined;
  headers?: Record<string, string>;
}

export interface TestReceiver {
  url: string;
  stats: ReceiverStats;
  /** How often `wake` was called. */
  wakes: () => number;
  send(body: string | Buffer, sending?: Sending): Promise<Answer>;
  /** Stops it in good order. */
  close(): Promise<void>;
}

/** Starts a receiver on real HTTP. It ends with the test. */
export async function startReceiver(databaseUrl: string): Promise<TestReceiver> {
  const stats = createReceiverStats();
  let wakes = 0;
  const app: FastifyInstance = fastify({ forceCloseConnections: "idle" });
  await app.register(webhookRoutes, {
    db: { url: databaseUrl },
    log: silentLog,
    wake: () => {
      wakes += 1;
    },
    stats,
  });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  const pool = new Pool(url, { connections: 100 });
  later(() => app.close());
  later(() => pool.destroy());
  return {
    url,
    stats,
    wakes: () => wakes,
    close: () => app.close(),
    async send(body, { generation = 1, secret, key, headers = {} } = {}) {
      const { statusCode, body: answer } = await pool.request({
        method: "POST",
        path: `/webhooks/attio/${generation}`,
        headers: {
          "content-type": "application/json",
          ...(secret !== undefined && { "attio-signature": sign(body, secret) }),
          ...(key !== undefined && { "idempotency-key": key }),
          ...headers,
        },
        body,
      });
      return { status: statusCode, text: await answer.text() };
    },
  };
}

export function sign(body: string | Buffer, secret: string): string {
  return createHmac("sha256", secret).update(body).digest("hex");
}

let lastNumber = 0;

/** A delivery as Attio sends it, another one each time. */
export function delivery(): string {
  lastNumber += 1;
  const id = { workspace_id: "w", object_id: "o", record_id: `r${lastNumber}`, attribute_id: "a" };
  const event = { event_type: "record.updated", id, actor: { type: "system", id: null } };
  return JSON.stringify({ webhook_id: "1", events: [event] });
}

/** Puts a webhook into the table, as registration would. */
export async function addWebhookRow(
  sql: Sql,
  { generation, secret, state = "active" }: { generation: number; secret: string | null; state?: string },
): Promise<void> {
  await sql`
    INSERT INTO attio_sync.webhooks (generation, secret, target_url, subscriptions, state)
    VALUES (${generation}, ${secret}, 'http://127.0.0.1/', '[]', ${state})`;
}

export async function inboxCount(sql: Sql): Promise<number> {
  const [row] = await sql<{ count: number }[]>`SELECT count(*) AS count FROM attio_sync.webhook_events`;
  return row?.count ?? 0;
}
