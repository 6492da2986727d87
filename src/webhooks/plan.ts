import type { Webhook } from "../attio/index.ts";
import type { WebhookRow } from "../db/queries/webhooks.ts";
import { sameSubscriptions, type FoundSubscription } from "./subscriptions.ts";
import { generationIn, targetUrl } from "./target.ts";

/** Why a webhook is made. */
export type Reason =
  /** There was none. */
  | "first"
  /** Attio has it no longer. */
  | "gone"
  /** Attio has one that sends to us, and nobody knows its secret, which Attio tells only once. */
  | "secret-unknown"
  /** `PUBLIC_URL` is another one now. */
  | "target-changed"
  | "subscriptions-changed"
  /** Attio's words (docs.attio.com, "Webhooks"): deliveries failed for three days; for ten, and no more are sent. */
  | "degraded"
  | "inactive"
  /** Somebody asked for it. */
  | "rotation";

/** What is known here and in Attio, and what is wanted. */
export interface Situation {
  /** Not removed, oldest first. */
  rows: readonly WebhookRow[];
  remote: readonly Webhook[];
  publicUrl: string;
  subscriptions: readonly FoundSubscription[];
}

export type Plan =
  | { kind: "keep"; row: WebhookRow; status: string }
  | { kind: "replace"; row: WebhookRow | null; reason: Reason };

/** Decides whether the active webhook can stay. */
export function planWebhook(situation: Situation): Plan {
  const { rows, remote, publicUrl, subscriptions } = situation;
  const row = rows.findLast(({ state }) => state === "active");
  if (row === undefined) {
    return {
      kind: "replace",
      row: null,
      reason: findStrays(situation).length > 0 ? "secret-unknown" : "first",
    };
  }
  const replace = (reason: Reason): Plan => ({ kind: "replace", row, reason });
  if (row.secret === null) return replace("secret-unknown");
  const found = remote.find(({ id }) => id.webhook_id === row.webhookId);
  if (found === undefined) return replace("gone");
  const wanted = targetUrl(publicUrl, row.generation);
  if (found.target_url !== wanted || row.targetUrl !== wanted) return replace("target-changed");
  if (!sameSubscriptions(found.subscriptions, subscriptions)) return replace("subscriptions-changed");
  if (found.status === "degraded" || found.status === "inactive") return replace(found.status);
  return { kind: "keep", row, status: found.status };
}

/** Webhooks in Attio that send to this daemon signed with a secret that it does not know: all they bring is refused. */
export function findStrays({ rows, remote, publicUrl }: Situation): Webhook[] {
  const known = new Set(rows.filter(({ secret }) => secret !== null).map(({ webhookId }) => webhookId));
  return remote.filter(
    ({ id, target_url }) => !known.has(id.webhook_id) && generationIn(publicUrl, target_url) !== null,
  );
}

/** A generation that neither this database nor Attio has seen. @param last the highest that this database has used */
export function nextGeneration({ remote, publicUrl }: Situation, last: number): number {
  const seen = remote.map(({ target_url }) => generationIn(publicUrl, target_url) ?? 0);
  return Math.max(last, ...seen) + 1;
}
