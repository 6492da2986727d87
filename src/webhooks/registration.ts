import { AttioConflictError, AttioNotFoundError, type AttioClient } from "../attio/index.ts";
import type { Database } from "../db/index.ts";
import {
  activateWebhook,
  insertCreating,
  isBackfillOwed,
  lastGeneration,
  markRemoved,
  noteWebhookStatus,
  readWebhooks,
  settleBackfill,
  withWebhookLock,
  type WebhookRow,
} from "../db/queries/webhooks.ts";
import type { Log } from "../logger.ts";
import { findStrays, nextGeneration, planWebhook, type Plan, type Reason, type Situation } from "./plan.ts";
import { buildSubscriptions } from "./subscriptions.ts";
import { targetUrl } from "./target.ts";

/** What registration works with. */
export interface RegistrationDeps {
  db: Database;
  client: Pick<AttioClient, "self" | "webhooks">;
  log: Log;
}

/** What the webhook should be like. */
export interface WebhookWish {
  /** Origin at which Attio reaches us: https, or http on loopback. */
  publicUrl: string;
  /** Id of the actor whose changes Attio does not announce (design rule 25); default none. */
  hideOwnWrites?: string | null;
}

export interface Registration {
  /** Of the webhook that is active now. */
  generation: number;
  /** Why it was made just now; null = it was there already. */
  reason: Reason | null;
  /** It took the place of another one. */
  replaced: boolean;
  /** Events may have been missed: backfill every stream, then call `retireOld` with the generation. True until then, also after a restart. */
  needsBackfill: boolean;
}

/** Generations that Attio refuses before it is given up: something unseen sends to the same targets. */
const MAX_CONFLICTS = 5;

/**
 * Sees to it that this daemon has one webhook in Attio that tells everything. One that can't do so is replaced: the new one is made
 * under the next generation, since Attio refuses two with equal target and filter, and the old one stays, its secret still good,
 * until `retireOld`. Any number of processes may call it; a crash at any point is made good by the next call.
 *
 * @throws AttioError, e.g. AttioAuthError without the scope `webhook:read-write`
 */
export function ensureWebhook(deps: RegistrationDeps, wish: WebhookWish): Promise<Registration> {
  return withWebhookLock(deps.db, async () => {
    const situation = await cleanUp(deps, await lookAround(deps, wish));
    return carryOut(deps, wish, situation, planWebhook(situation));
  });
}

/** Replaces the webhook, and with it the secret, whatever its state. Both secrets are good until `retireOld`. */
export function rotateWebhook(deps: RegistrationDeps, wish: WebhookWish): Promise<Registration> {
  return withWebhookLock(deps.db, async () => {
    const situation = await cleanUp(deps, await lookAround(deps, wish));
    const plan = planWebhook(situation);
    const rotation: Plan =
      plan.kind === "keep" ? { kind: "replace", row: plan.row, reason: "rotation" } : plan;
    return carryOut(deps, wish, situation, rotation);
  });
}

/**
 * Deletes the webhooks that the one of this generation took the place of; their secrets are good no longer. Call it once a backfill
 * that began after the replacement is done.
 *
 * @param options `isBackfillDone: false` for an old secret that must not be good any longer, whatever is lost with it
 */
export function retireOld(
  deps: RegistrationDeps,
  generation: number,
  { isBackfillDone = true }: { isBackfillDone?: boolean } = {},
): Promise<void> {
  return withWebhookLock(deps.db, async () => {
    const rows = await readWebhooks(deps.db.sql);
    await removeRows(
      deps,
      rows.filter((row) => row.state === "retiring" && row.generation < generation),
    );
    if (isBackfillDone) await settleBackfill(deps.db.sql, generation);
  });
}

/**
 * Looks at the webhook and changes nothing but the note of its status.
 *
 * @returns why `ensureWebhook` would replace it; null = it is well
 */
export async function checkWebhook(deps: RegistrationDeps, wish: WebhookWish): Promise<Reason | null> {
  const plan = planWebhook(await lookAround(deps, wish));
  return plan.kind === "keep" ? null : plan.reason;
}

/** Deletes all webhooks of this daemon in Attio and forgets their secrets. @returns how many it had */
export function removeWebhook(deps: RegistrationDeps, { publicUrl }: { publicUrl?: string | null } = {}) {
  return withWebhookLock(deps.db, async () => {
    const rows = await readWebhooks(deps.db.sql);
    const remote = await deps.client.webhooks.list();
    const targets = new Set(rows.map((row) => row.targetUrl));
    const strays = publicUrl == null ? [] : findStrays({ rows, remote, publicUrl, subscriptions: [] });
    const ours = remote.filter(
      (webhook) =>
        targets.has(webhook.target_url) ||
        rows.some((row) => row.webhookId === webhook.id.webhook_id) ||
        strays.includes(webhook),
    );
    for (const { id } of ours) await deleteInAttio(deps, id.webhook_id);
    await markRemoved(
      deps.db.sql,
      rows.map((row) => row.generation),
    );
    await settleBackfill(deps.db.sql, await lastGeneration(deps.db.sql));
    return ours.length;
  });
}

async function lookAround(deps: RegistrationDeps, wish: WebhookWish): Promise<Situation> {
  const rows = await readWebhooks(deps.db.sql);
  const remote = await deps.client.webhooks.list();
  for (const { generation, webhookId } of rows) {
    const found = remote.find(({ id }) => id.webhook_id === webhookId);
    await noteWebhookStatus(deps.db.sql, generation, found?.status ?? null);
  }
  const subscriptions = buildSubscriptions(wish.hideOwnWrites ?? null);
  return { rows, remote, publicUrl: wish.publicUrl, subscriptions };
}

/** Removes what a crash between a creation and the saving of its secret left behind: nobody can ever check its signatures. */
async function cleanUp(deps: RegistrationDeps, situation: Situation): Promise<Situation> {
  const { rows, remote } = situation;
  const broken = rows.filter(({ state, secret }) => state === "creating" && secret === null);
  const known = new Set(rows.filter(({ secret }) => secret !== null).map(({ webhookId }) => webhookId));
  const lost = remote.filter(
    ({ id, target_url }) => !known.has(id.webhook_id) && broken.some((row) => row.targetUrl === target_url),
  );
  for (const { id } of lost) await deleteInAttio(deps, id.webhook_id);
  const generations = broken.map(({ generation }) => generation);
  await markRemoved(deps.db.sql, generations);
  if (broken.length > 0) deps.log.warn({ generations }, "cleaned up after a webhook that was half made");
  return {
    ...situation,
    rows: rows.filter((row) => !broken.includes(row)),
    remote: remote.filter((webhook) => !lost.includes(webhook)),
  };
}

async function carryOut(
  deps: RegistrationDeps,
  wish: WebhookWish,
  situation: Situation,
  plan: Plan,
): Promise<Registration> {
  const registration =
    plan.kind === "keep"
      ? await keep(deps, plan.row.generation)
      : await replace(deps, wish, situation, plan.reason);
  for (const { id } of findStrays(situation)) await deleteInAttio(deps, id.webhook_id);
  return registration;
}

async function keep({ db }: RegistrationDeps, generation: number): Promise<Registration> {
  return { generation, reason: null, replaced: false, needsBackfill: await isBackfillOwed(db.sql) };
}

async function replace(
  deps: RegistrationDeps,
  wish: WebhookWish,
  situation: Situation,
  reason: Reason,
): Promise<Registration> {
  const generation = await makeWebhook(deps, wish, situation);
  deps.log.info({ generation, reason }, "webhook registered");
  return { generation, reason, replaced: reason !== "first", needsBackfill: true };
}

/** @returns the new one's generation */
async function makeWebhook(
  deps: RegistrationDeps,
  { publicUrl, hideOwnWrites = null }: WebhookWish,
  situation: Situation,
): Promise<number> {
  const { sql } = deps.db;
  const subscriptions = buildSubscriptions(hideOwnWrites);
  for (let conflicts = 0; ; conflicts++) {
    const generation = nextGeneration(situation, await lastGeneration(sql));
    const target = targetUrl(publicUrl, generation);
    await insertCreating(sql, { generation, targetUrl: target, subscriptions });
    try {
      const webhook = await deps.client.webhooks.create({ target_url: target, subscriptions });
      await activateWebhook(sql, {
        generation,
        webhookId: webhook.id.webhook_id,
        secret: webhook.secret,
        status: webhook.status,
      });
      return generation;
    } catch (error) {
      if (!(error instanceof AttioConflictError) || conflicts >= MAX_CONFLICTS) throw error;
      await markRemoved(sql, [generation]);
    }
  }
}

async function removeRows(deps: RegistrationDeps, rows: readonly WebhookRow[]): Promise<void> {
  for (const { webhookId, generation } of rows) {
    if (webhookId !== null) await deleteInAttio(deps, webhookId);
    await markRemoved(deps.db.sql, [generation]);
    deps.log.info({ generation }, "webhook removed");
  }
}

async function deleteInAttio({ client }: RegistrationDeps, webhookId: string): Promise<void> {
  try {
    await client.webhooks.delete(webhookId);
  } catch (error) {
    if (!(error instanceof AttioNotFoundError)) throw error;
  }
}
