import type { Budget, LocalBudgetOptions, Priority, RequestKind } from "../attio/index.ts";
import { Waiters } from "../attio/waiters.ts";
import { createSql } from "../db/client.ts";
import type { Sql } from "../db/client.ts";
import { ensureBudget, pauseBudgets, reserveSlots } from "../db/queries/budget.ts";
import { monotonicMs, systemClock, type Clock } from "../lib/clock.ts";
import { sleep } from "../lib/sleep.ts";

/** Slots taken from the database in one statement: a backfill must not book far ahead of an edit in another process. */
const MOST_SLOTS = 2;

/**
 * What an idle budget saves up, as a part of a second, and what each second of Attio's clock is left, since a request may
 * arrive a little sooner or later than it was let go. The write budget may be all that Attio allows: nothing is saved up,
 * and no second gets one too many.
 */
const PACE: Record<RequestKind, { burstSeconds: number; slackMs: number }> = {
  read: { burstSeconds: 0.1, slackMs: 0 },
  write: { burstSeconds: 0, slackMs: 25 },
};

export interface SharedBudget extends Budget {
  close(): Promise<void>;
}

/**
 * A budget that all processes on one database share, as Attio's limits are shared by all of them
 * (docs: "Rate limiting"). Slots are handed out by PostgreSQL; a 429 that one process gets pauses everyone.
 */
export async function openSharedBudget(
  url: string,
  { readsPerSecond, writesPerSecond }: LocalBudgetOptions,
  { clock = systemClock }: { clock?: Clock } = {},
): Promise<SharedBudget> {
  const sql = createSql(url, {
    connections: 1,
    applicationName: "attio-mirror budget",
    // A slot lost in a crash is a slot not used: nothing here is worth waiting for the disk.
    parameters: { synchronous_commit: "off" },
  });
  const lanes = {
    read: new SharedLane(sql, "read", readsPerSecond),
    write: new SharedLane(sql, "write", writesPerSecond),
  };
  try {
    await Promise.all([ensureBudget(sql, "read"), ensureBudget(sql, "write")]);
  } catch (error) {
    await sql.end({ timeout: 1 });
    throw error;
  }
  return {
    acquire: (kind, { priority, signal }) => lanes[kind].acquire(priority, signal),
    pauseUntil: (epochMs) => pauseBudgets(sql, Math.max(0, epochMs - clock.now())),
    close: () => sql.end({ timeout: 5 }),
  };
}

/** One kind of request: callers queue here, and one at a time fetches slots for those who wait. */
class SharedLane {
  readonly #sql: Sql;
  readonly #name: RequestKind;
  readonly #intervalMs: number;
  readonly #burst: number;
  readonly #waiters = new Waiters();
  #active = false;
  #pumping: Promise<void> = Promise.resolve();

  constructor(sql: Sql, name: RequestKind, perSecond: number) {
    if (!(perSecond > 0)) throw new RangeError(`a budget of ${perSecond} a second grants nothing`);
    this.#sql = sql;
    this.#name = name;
    const { burstSeconds, slackMs } = PACE[name];
    this.#intervalMs = (1000 + slackMs) / perSecond;
    this.#burst = perSecond * burstSeconds;
  }

  async acquire(priority: Priority, signal?: AbortSignal): Promise<void> {
    const granted = this.#waiters.wait(priority, signal);
    if (!this.#active) this.#pumping = this.#pump();
    // Were only the grant awaited, a database that is gone would leave its callers waiting for ever.
    await Promise.race([granted, this.#pumping.then(() => granted)]);
  }

  async #pump(): Promise<void> {
    this.#active = true;
    try {
      while (this.#waiters.size > 0) await this.#grantSome();
    } finally {
      // In the same turn as the last look at the queue: whoever comes later starts a pump of their own.
      this.#active = false;
    }
  }

  async #grantSome(): Promise<void> {
    const slots = Math.min(this.#waiters.size, MOST_SLOTS);
    const { waitMs } = await reserveSlots(this.#sql, this.#name, {
      slots,
      intervalMs: this.#intervalMs,
      burst: this.#burst,
    });
    const firstAt = monotonicMs() + waitMs;
    for (let slot = 0; slot < slots; slot++) {
      const delayMs = firstAt + slot * this.#intervalMs - monotonicMs();
      if (delayMs > 0) await sleep(delayMs);
      if (!this.#waiters.wakeNext()) break;
    }
  }
}
