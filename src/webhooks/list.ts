import { readWebhooks } from "../db/queries/webhooks.ts";
import { findStrays } from "./plan.ts";
import type { RegistrationDeps } from "./registration.ts";
import { generationIn } from "./target.ts";

/** A webhook of this daemon. */
export interface ListedWebhook {
  generation: number;
  webhookId: string | null;
  targetUrl: string;
  /** `unknown`: Attio has it, and its secret is not known here. */
  state: "creating" | "active" | "retiring" | "unknown";
  /** `active`, `degraded` or `inactive`; null = Attio does not have it. */
  attioStatus: string | null;
  /** ISO 8601. */
  createdAt: string;
}

/** What this database and Attio know of this daemon's webhooks, by generation. Other integrations' are left out. */
export async function listWebhooks(
  { db, client }: RegistrationDeps,
  { publicUrl = null }: { publicUrl?: string | null } = {},
): Promise<ListedWebhook[]> {
  const rows = await readWebhooks(db.sql);
  const remote = await client.webhooks.list();
  const known = rows.map(({ generation, webhookId, targetUrl, state, createdAt }): ListedWebhook => {
    const found = remote.find(({ id }) => id.webhook_id === webhookId);
    return {
      generation,
      webhookId,
      targetUrl,
      // Rows that are removed are not read.
      state: state === "removed" ? "unknown" : state,
      attioStatus: found?.status ?? null,
      createdAt: new Date(createdAt).toISOString(),
    };
  });
  return [...known, ...strangers()].toSorted((a, b) => a.generation - b.generation);

  function strangers(): ListedWebhook[] {
    if (publicUrl === null) return [];
    const strays = findStrays({ rows, remote, publicUrl, subscriptions: [] });
    return strays
      .filter(({ id }) => !rows.some(({ webhookId }) => webhookId === id.webhook_id))
      .map((webhook) => ({
        generation: generationIn(publicUrl, webhook.target_url) ?? 0,
        webhookId: webhook.id.webhook_id,
        targetUrl: webhook.target_url,
        state: "unknown",
        attioStatus: webhook.status,
        createdAt: webhook.created_at,
      }));
  }
}
