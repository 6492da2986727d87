import type { Sql } from "../client.ts";

/** Slots reserved in a budget, by the database's own clock: processes need not agree on the time. */
export interface Reservation {
  /** Milliseconds until the first slot; each further one follows `intervalMs` later. */
  waitMs: number;
}

/** Makes sure that a budget has its row. */
export async function ensureBudget(sql: Sql, name: string): Promise<void> {
  await sql`INSERT INTO attio_sync.budgets (name) VALUES (${name}) ON CONFLICT DO NOTHING`;
}

/**
 * Takes the next `slots` of a budget, behind whatever pause it is under.
 *
 * @param intervalMs between two slots
 * @param burst how many slots an idle budget has saved up
 */
export async function reserveSlots(
  sql: Sql,
  name: string,
  { slots, intervalMs, burst }: { slots: number; intervalMs: number; burst: number },
): Promise<Reservation> {
  const [row] = await sql<{ wait: number }[]>`
    WITH clock AS (SELECT extract(epoch FROM clock_timestamp())::float8 AS now)
    UPDATE attio_sync.budgets
    SET next_at = greatest(next_at, paused_until, clock.now - ${(burst * intervalMs) / 1000}::float8)
                  + ${(slots * intervalMs) / 1000}::float8
    FROM clock WHERE name = ${name}
    RETURNING next_at - ${(slots * intervalMs) / 1000}::float8 - clock.now AS wait`;
  if (row === undefined) throw new Error(`budget ${name} has no row`);
  return { waitMs: Math.max(0, row.wait * 1000) };
}

/** Lets nobody send for a while; a longer pause already named stays. */
export async function pauseBudgets(sql: Sql, pauseMs: number): Promise<void> {
  await sql`
    UPDATE attio_sync.budgets
    SET paused_until = greatest(paused_until, extract(epoch FROM clock_timestamp())::float8 + ${pauseMs / 1000}::float8)`;
}
