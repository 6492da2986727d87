import { requirePublicUrl, requireToken } from "../../config.ts";
import { hasMirror, migrate, type Database } from "../../db/index.ts";
import { notify } from "../../db/notify.ts";
import { replayDeliveries } from "../../db/queries/inbox.ts";
import { listWebhooks } from "../../webhooks/list.ts";
import {
  ensureWebhook,
  removeWebhook,
  retireOld,
  rotateWebhook,
  type Registration,
  type RegistrationDeps,
} from "../../webhooks/registration.ts";
import { targetUrl } from "../../webhooks/target.ts";
import { readWish } from "../../webhooks/wish.ts";
import { checkToken, explainAttioError, openAttio } from "../attio.ts";
import { withClosers } from "../closers.ts";
import type { Context } from "../context.ts";
import { openMirrorDatabase } from "../database.ts";
import { EXIT_DONE } from "../failure.ts";
import { drawTable } from "../table.ts";

/** An address is of no use if it is cut. */
const TARGET_WIDTH = 200;

interface JsonFlag {
  json?: boolean;
}

/** `webhooks list`: this daemon's webhooks here and in Attio. */
export async function runWebhooksList(context: Context, { json = false }: JsonFlag): Promise<number> {
  const webhooks = await withRegistration(context, (deps) => listWebhooks(deps, context.config));
  if (json) print(context, JSON.stringify({ webhooks }));
  else if (webhooks.length === 0) print(context, "No webhook. Run: attio-mirror webhooks register");
  else {
    const rows = webhooks.map(({ generation, targetUrl: target, state, attioStatus, createdAt }) => [
      generation,
      target,
      state,
      attioStatus ?? "not there",
      createdAt,
    ]);
    const columns = ["generation", "target", "state", "in Attio", "created"];
    context.io.stdout.write(drawTable(columns, rows, { cellWidth: TARGET_WIDTH }));
  }
  return EXIT_DONE;
}

/** `webhooks register`: makes the webhook, or replaces one that has become useless. */
export async function runWebhooksRegister(context: Context, { json = false }: JsonFlag): Promise<number> {
  const publicUrl = requirePublicUrl(context.config);
  const registration = await withRegistration(context, async (deps) =>
    ensureWebhook(deps, await readWish(deps.client, { ...context.config, publicUrl })),
  );
  report(context, publicUrl, registration, json);
  return EXIT_DONE;
}

/** `webhooks rotate`: a new webhook with a new secret; `now` ends the old one at once, even though events on their way are lost with it. */
export async function runWebhooksRotate(
  context: Context,
  { json = false, now = false }: JsonFlag & { now?: boolean },
): Promise<number> {
  const publicUrl = requirePublicUrl(context.config);
  const registration = await withRegistration(context, async (deps) => {
    const rotated = await rotateWebhook(deps, await readWish(deps.client, { ...context.config, publicUrl }));
    if (now) await retireOld(deps, rotated.generation, { isBackfillDone: false });
    return rotated;
  });
  report(context, publicUrl, registration, json);
  return EXIT_DONE;
}

/** `webhooks remove`: deletes this daemon's webhooks in Attio. */
export async function runWebhooksRemove(context: Context, { json = false }: JsonFlag): Promise<number> {
  const removed = await withRegistration(context, (deps) => removeWebhook(deps, context.config));
  const line = removed === 0 ? "There was no webhook." : `Removed ${counted(removed, "webhook")}.`;
  print(context, json ? JSON.stringify({ removed }) : line);
  return EXIT_DONE;
}

/** `webhooks replay`: has deliveries received since a time processed once more. */
export async function runWebhooksReplay(
  context: Context,
  { json = false, since }: JsonFlag & { since: Date },
): Promise<number> {
  const mirror = await openMirrorDatabase(context);
  try {
    const replayed = (await hasMirror(mirror.db))
      ? await replayDeliveries(mirror.db.sql, since.toISOString())
      : 0;
    if (replayed > 0) await notify(mirror.db.sql);
    const line = `${counted(replayed, "delivery", "deliveries")} received since ${since.toISOString()} will be processed again.`;
    print(context, json ? JSON.stringify({ replayed, since: since.toISOString() }) : line);
    return EXIT_DONE;
  } finally {
    await mirror.close();
  }
}

/** Opens database and Attio, migrates, and puts errors in the user's terms. */
function withRegistration<T>(context: Context, work: (deps: RegistrationDeps) => Promise<T>): Promise<T> {
  const access = { token: requireToken(context.config), baseUrl: context.config.attioBaseUrl };
  return withClosers(async (closers) => {
    const mirror = await openMirrorDatabase(context);
    closers.add(() => mirror.close());
    const db: Database = mirror.db;
    await migrate(db);
    const client = await openAttio(context, db, access, closers);
    try {
      await checkToken(client, access, context.io.signal);
      return await work({ db, client, log: context.log });
    } catch (error) {
      throw explainAttioError(error, access);
    }
  });
}

function report(context: Context, publicUrl: string, registration: Registration, json: boolean): void {
  const { generation, reason, needsBackfill } = registration;
  const target = targetUrl(publicUrl, generation);
  if (json) {
    print(context, JSON.stringify({ ...registration, targetUrl: target }));
    return;
  }
  const done = reason === null ? "is registered already" : `registered (${reason.replaceAll("-", " ")})`;
  print(context, `Webhook ${generation} ${done}: ${target}`);
  if (needsBackfill) print(context, "A full backfill has to follow; `attio-mirror start` does it by itself.");
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

function print({ io }: Context, line: string): void {
  io.stdout.write(`${line}\n`);
}
