import { postponeMarks } from "../db/queries/backlog.ts";
import {
  beginChore,
  choreStates,
  finishChore,
  tickChore,
  wantChore,
  type Chore,
} from "../db/queries/chores.ts";
import { prune, RETENTION } from "../db/queries/prune.ts";
import { wantedStreams } from "../db/queries/wanted-streams.ts";
import type { Log } from "../logger.ts";
import type { SyncDeps } from "../sync/deps.ts";
import { crawlPastValues } from "../sync/history/past-values.ts";
import { hydrate } from "../sync/live/hydrate.ts";
import { processInbox } from "../sync/live/process-inbox.ts";
import type { Pushed } from "../sync/push/push.ts";
import { refreshSchema } from "../sync/schema/refresh-schema.ts";
import { readyStreams } from "../sync/walk/choose-streams.ts";
import type { RunBackfill } from "./backfill-child.ts";
import { LiveStreams } from "./live-streams.ts";
import { hydrateJob, type Job } from "./queues.ts";
import type { Relay } from "./relay.ts";

/** Deliveries that one transaction turns into marks. */
const INBOX_BATCH = 1_000;

export interface HandlerDeps {
  /** For work that somebody waits for. */
  live: SyncDeps;
  /** For chores: connections of their own, so that none under way keeps an edit waiting. */
  bulk: SyncDeps;
  backfill: RunBackfill;
  relay: Pick<Relay, "add" | "pushIn">;
  /** Pushes local changes; undefined where none are taken. */
  push?: ((signal: AbortSignal) => Promise<Pushed>) | undefined;
  log: Log;
  /** Aborted when the process stops: work is finished or given back. */
  signal: AbortSignal;
  startedAtMs: number;
  /** Sees to the webhook; undefined where none is wanted. */
  seeToWebhook?: (() => Promise<void>) | undefined;
  /** Whose past values are read, as `HISTORY` says. */
  history: string;
  eventRetentionDays: number;
}

/** Records whose past values one job reads before others get their turn: about a minute of requests. */
const HISTORY_BATCH = 1_000;

/** Carries out a job. Every job may run twice, or while its equal runs: claims, leases and locks in Postgres decide. */
export function createHandler(deps: HandlerDeps): (job: Job) => Promise<void> {
  const streams = new LiveStreams(deps.live);
  return async ({ name, data: { stream, chore } }) => {
    if (deps.signal.aborted) return;
    if (name === "inbox") await runInbox(deps);
    else if (name === "hydrate" && stream !== undefined) await runHydrate(deps, streams, stream);
    else if (name === "push") await runPush(deps);
    else if (name === "backfill") await runBackfill(deps);
    else if (name === "chore" && chore !== undefined) await runChore(deps, chore);
    else if (name === "tick" && chore !== undefined) await runTick(deps, chore);
    else deps.log.warn({ job: name }, "a job of an unknown kind was left out");
  };
}

async function runInbox({ live, relay, log, signal }: HandlerDeps): Promise<void> {
  for (;;) {
    const done = await processInbox({ db: live.db, log }, { limit: INBOX_BATCH });
    for (const stream of done.streams) await relay.add("attio-live", hydrateJob(stream));
    if (done.processed < INBOX_BATCH || signal.aborted) return;
  }
}

async function runHydrate(
  { live, log, signal }: HandlerDeps,
  streams: LiveStreams,
  name: string,
): Promise<void> {
  const stream = await streams.get(name);
  if (stream === undefined) {
    log.warn({ stream: name }, "there are marks of a stream that the mirror does not have; put off");
    await postponeMarks(live.db.sql, name);
    return;
  }
  try {
    const done = await hydrate(live, stream, { signal, priority: "interactive" });
    if (done.seen > 0) log.debug({ stream: name, ...done }, "hydrated");
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function runPush({ push, relay, log, signal }: HandlerDeps): Promise<void> {
  try {
    const done = await push?.(signal);
    if (done === undefined) return;
    if (done.lanes > 0) log.debug({ lanes: done.lanes }, "pushed");
    if (done.dueInMs !== null) relay.pushIn(done.dueInMs);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function runBackfill({ bulk, backfill, log, signal, startedAtMs }: HandlerDeps): Promise<void> {
  const streams = readyStreams(await wantedStreams(bulk.db.sql, startedAtMs));
  if (streams.length === 0) return;
  log.info({ streams: streams.length }, "backfill begins");
  await backfill(startedAtMs, signal);
  if (signal.aborted) return;
  // A webhook that was replaced is waiting for this, and new rows have a past.
  await wantChore(bulk.db.sql, "webhook");
  await wantChore(bulk.db.sql, "history");
}

async function runTick({ live }: HandlerDeps, chore: Chore): Promise<void> {
  await tickChore(live.db.sql, chore);
}

async function runChore(deps: HandlerDeps, chore: Chore): Promise<void> {
  const { sql } = deps.live.db;
  // While a job runs, the relay has queued another one of its kind.
  const isDue = (await choreStates(sql)).some((state) => state.chore === chore && state.isDue);
  if (!isDue) return;
  const begunAt = await beginChore(sql);
  try {
    await doChore(deps, chore);
    await finishChore(sql, chore, { begunAt, ok: true });
  } catch (error) {
    if (deps.signal.aborted) return;
    await finishChore(sql, chore, { begunAt, ok: false });
    throw error;
  }
}

async function readPastValues({ bulk, log, signal, history }: HandlerDeps): Promise<void> {
  if (history === "off") return;
  const { records, left } = await crawlPastValues(bulk, history, { signal, limit: HISTORY_BATCH });
  if (records > 0) log.info({ records, left }, "past values read; each one left costs a request");
  // Attio keeps none of some attributes: what no round can read must not begin another one.
  if (left === 0 || records < HISTORY_BATCH || signal.aborted) return;
  await wantChore(bulk.db.sql, "history");
}

async function doChore(deps: HandlerDeps, chore: Chore): Promise<void> {
  const { bulk, log, signal } = deps;
  switch (chore) {
    case "schema": {
      await refreshSchema(bulk, { signal, priority: "interactive" });
      return;
    }
    case "webhook":
      await deps.seeToWebhook?.();
      return;
    case "prune":
      log.info(
        await prune(bulk.db.sql, { ...RETENTION, deliveries: `${deps.eventRetentionDays} days` }),
        "pruned",
      );
      return;
    case "history":
      await readPastValues(deps);
      return;
    case "backfill":
      // Which streams want one is read from their runs; there is nothing to do for the chore itself.
      return;
  }
}
