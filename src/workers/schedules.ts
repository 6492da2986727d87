import { Cron } from "croner";
import type { Sql } from "../db/client.ts";
import { choreStates, noteFirstTick, tickChore, type Chore, type ChoreState } from "../db/queries/chores.ts";
import { systemClock, type Clock } from "../lib/clock.ts";
import type { Log } from "../logger.ts";
import type { QueueBackend } from "./connection.ts";
import { tickJob } from "./queues.ts";

/** How late a tick may be before the watchdog takes its place. */
const GRACE_MS = 30_000;

/** How often the watchdog looks, and the schedules are put back in case the queue lost them. */
const LOOK_MS = 15_000;

/** Cron expressions, in UTC. */
export type Schedules = Readonly<Partial<Record<Chore, string>>>;

export interface ScheduleDeps {
  sql: Sql;
  backend: QueueBackend;
  log: Log;
}

/** The milliseconds since the epoch at which a schedule's next tick after `tickedAtMs` is due; null = never. */
export function nextTick(cron: string, tickedAtMs: number): number | null {
  return new Cron(cron, { paused: true, timezone: "UTC" }).nextRun(new Date(tickedAtMs))?.getTime() ?? null;
}

/** Chores whose tick is overdue: the queue lost its schedule, or no process ran at the time. */
export function overdue(schedules: Schedules, states: readonly ChoreState[], nowMs: number): Chore[] {
  return states.flatMap(({ chore, tickedAtMs }) => {
    const cron = schedules[chore];
    if (cron === undefined || tickedAtMs === null) return [];
    const due = nextTick(cron, tickedAtMs);
    return due !== null && nowMs > due + GRACE_MS ? [chore] : [];
  });
}

/**
 * Keeps the schedules: ticks come from the queue, and a watchdog over what Postgres knows of them makes good those that do
 * not come. Several processes may do so.
 */
export async function startSchedules(
  deps: ScheduleDeps,
  schedules: Schedules,
  { clock = systemClock }: { clock?: Clock } = {},
): Promise<{ close(): Promise<void> }> {
  const chores = Object.entries(schedules) as [Chore, string][];
  for (const [chore] of chores) await noteFirstTick(deps.sql, chore);

  async function look(): Promise<void> {
    const late = overdue(schedules, await choreStates(deps.sql), clock.now());
    for (const chore of late) {
      deps.log.info({ chore }, "a schedule's tick did not come; the watchdog takes its place");
      await tickChore(deps.sql, chore);
    }
    for (const [chore, cron] of chores)
      await deps.backend.queue("attio-upkeep").schedule(chore, cron, tickJob(chore));
  }

  let looking: Promise<void> = Promise.resolve();
  const lookOnce = () => {
    looking = looking.then(look).catch((error: unknown) => {
      deps.log.debug({ err: error }, "schedules could not be looked at; tried again");
    });
  };
  lookOnce();
  const timer = setInterval(lookOnce, LOOK_MS);
  return {
    close: async () => {
      clearInterval(timer);
      await looking;
    },
  };
}
