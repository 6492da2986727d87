import { wantChore } from "../db/queries/chores.ts";
import { readSetting, writeSetting } from "../db/queries/settings.ts";
import { unfinishedStreams } from "../db/queries/wanted-streams.ts";
import { ensureWebhook, retireOld, type RegistrationDeps, type WebhookWish } from "./registration.ts";

/**
 * Sees to it that the webhook is well. After one was made or replaced, events may have been missed: a full backfill is
 * wanted, and once that is done the old webhooks go (design rule 24). To be called at start, by schedule and after backfills.
 */
export async function seeToWebhook(deps: RegistrationDeps, wish: WebhookWish): Promise<void> {
  const { generation, reason, needsBackfill } = await ensureWebhook(deps, wish);
  if (reason !== null) deps.log.info({ generation, reason }, "webhook made");
  if (!needsBackfill) return;
  const { db } = deps;
  const asked = await readSetting(db.orm, "webhookBackfill");
  if (asked?.generation !== generation) {
    await wantChore(db.sql, "backfill");
    await writeSetting(db.orm, "webhookBackfill", { generation });
    return;
  }
  if ((await unfinishedStreams(db.sql)).length > 0) return;
  await retireOld(deps, generation);
  deps.log.info({ generation }, "the backfill behind the webhook is done");
}
