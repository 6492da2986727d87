import type { Database, Sql } from "../client.ts";
import { lockExclusive } from "../locks.ts";
import { transact } from "../tx.ts";

/** `creating`: written before Attio is asked, so that a crash leaves a trace. `retiring`: until the backfill behind its successor is done. */
export type WebhookState = "creating" | "active" | "retiring" | "removed";

/** A webhook that this daemon made or was about to make. */
export interface WebhookRow {
  generation: number;
  webhookId: string | null;
  secret: string | null;
  targetUrl: string;
  state: WebhookState;
  /** Attio's word for it at the last look. */
  attioStatus: string | null;
  createdAt: string;
  checkedAt: string | null;
}

/** A secret that deliveries may be signed with. */
export interface WebhookSecret {
  generation: number;
  secret: string;
}

/** Runs `work` while no other process makes, replaces or removes webhooks. What `work` writes is committed at once, not with the lock. */
export function withWebhookLock<T>(db: Database, work: () => Promise<T>): Promise<T> {
  return transact(db.sql, async (tx) => {
    await lockExclusive(tx, "webhooks");
    return work();
  });
}

/** All that are not removed, oldest first. */
export async function readWebhooks(sql: Sql): Promise<WebhookRow[]> {
  return sql<WebhookRow[]>`
    SELECT generation, webhook_id AS "webhookId", secret, target_url AS "targetUrl", state,
           attio_status AS "attioStatus", created_at::text AS "createdAt", checked_at::text AS "checkedAt"
    FROM attio_sync.webhooks WHERE state <> 'removed' ORDER BY generation`;
}

/** Secrets of all webhooks that are not removed. */
export async function readSecrets(sql: Sql): Promise<WebhookSecret[]> {
  return sql<WebhookSecret[]>`
    SELECT generation, secret FROM attio_sync.webhooks
    WHERE state <> 'removed' AND secret IS NOT NULL ORDER BY generation DESC`;
}

/** The highest generation that was ever used here; 0 if none. */
export async function lastGeneration(sql: Sql): Promise<number> {
  const [row] = await sql<{ last: number }[]>`
    SELECT coalesce(max(generation), 0) AS last FROM attio_sync.webhooks`;
  return row?.last ?? 0;
}

/** Notes that a webhook is about to be made. */
export async function insertCreating(
  sql: Sql,
  { generation, targetUrl, subscriptions }: { generation: number; targetUrl: string; subscriptions: unknown },
): Promise<void> {
  await sql`
    INSERT INTO attio_sync.webhooks (generation, target_url, subscriptions, state)
    VALUES (${generation}, ${targetUrl}, ${JSON.stringify(subscriptions)}::text::jsonb, 'creating')`;
}

/** Makes a webhook the active one, the former ones retiring, and notes that a backfill has to follow: all or nothing. */
export async function activateWebhook(
  sql: Sql,
  { generation, webhookId, secret, status }: WebhookSecret & { webhookId: string; status: string },
): Promise<void> {
  await transact(sql, async (tx) => {
    await tx`UPDATE attio_sync.webhooks SET state = 'retiring' WHERE state = 'active'`;
    await tx`
      UPDATE attio_sync.webhooks
      SET state = 'active', webhook_id = ${webhookId}, secret = ${secret}, attio_status = ${status}, checked_at = now()
      WHERE generation = ${generation}`;
    await tx`
      INSERT INTO attio_sync.settings (key, value)
      VALUES ('webhookBackfillOwed', jsonb_build_object('generation', ${generation}::int))
      ON CONFLICT (key) DO UPDATE SET value = excluded.value`;
  });
}

/** Forgets the secrets of webhooks that are gone; their generations are never used again. */
export async function markRemoved(sql: Sql, generations: readonly number[]): Promise<void> {
  await sql`
    UPDATE attio_sync.webhooks SET state = 'removed', secret = NULL
    WHERE generation = ANY(${generations as number[]}::int[])`;
}

/** Notes what Attio says of a webhook; null = it has no such webhook. */
export async function noteWebhookStatus(
  sql: Sql,
  generation: number,
  attioStatus: string | null,
): Promise<void> {
  await sql`
    UPDATE attio_sync.webhooks SET attio_status = ${attioStatus}, checked_at = now()
    WHERE generation = ${generation}`;
}

/** Whether a webhook was made whose backfill is not known to be done. */
export async function isBackfillOwed(sql: Sql): Promise<boolean> {
  const rows = await sql`SELECT 1 FROM attio_sync.settings WHERE key = 'webhookBackfillOwed'`;
  return rows.length > 0;
}

/** Notes that the backfill that webhooks up to this generation called for is done. */
export async function settleBackfill(sql: Sql, generation: number): Promise<void> {
  await sql`
    DELETE FROM attio_sync.settings
    WHERE key = 'webhookBackfillOwed' AND (value->>'generation')::int <= ${generation}`;
}
