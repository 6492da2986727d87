import type { Sql, Tx } from "../client.ts";

/** Work that is wanted as a whole rather than by row: by a schedule, by an event, or at start. */
export const CHORES = ["backfill", "schema", "webhook", "prune", "history"] as const;

export type Chore = (typeof CHORES)[number];

/** How long a chore that failed waits before it is tried again. */
const RETRY_AFTER = "30 seconds";

/** Where a chore stands; kept in Postgres, so that a want outlives the queue and the process. */
export interface ChoreState {
  chore: Chore;
  /** Milliseconds since the epoch of the schedule's last tick; null before the first. */
  tickedAtMs: number | null;
  isDue: boolean;
}

function key(chore: Chore): string {
  return `chore:${chore}`;
}

/** Notes that a chore is wanted from now on. */
export async function wantChore(sql: Sql | Tx, chore: Chore): Promise<void> {
  await merge(sql, key(chore), ["wantedAt"]);
}

/** The same, by its schedule. */
export async function tickChore(sql: Sql, chore: Chore): Promise<void> {
  await merge(sql, key(chore), ["wantedAt", "tickedAt"]);
}

/** A schedule's first tick is counted from the first start. */
export async function noteFirstTick(sql: Sql, chore: Chore): Promise<void> {
  await sql`
    INSERT INTO attio_sync.settings (key, value) VALUES (${key(chore)}, jsonb_build_object('tickedAt', clock_timestamp()))
    ON CONFLICT (key) DO UPDATE SET value = excluded.value || settings.value`;
}

/** Notes that one stream is to be read in full, e.g. because it got a column. */
export async function wantBackfillOf(sql: Sql | Tx, streams: readonly string[]): Promise<void> {
  for (const stream of streams) await merge(sql, `backfill:${stream}`, ["wantedAt"]);
}

async function merge(sql: Sql | Tx, name: string, fields: readonly string[]): Promise<void> {
  await sql`
    INSERT INTO attio_sync.settings (key, value)
    SELECT ${name}, jsonb_object_agg(field, clock_timestamp()) FROM unnest(${fields as string[]}::text[]) AS field
    ON CONFLICT (key) DO UPDATE SET value = settings.value || excluded.value`;
}

/** How every chore stands. A backfill is never due here: which streams want one is `wantedStreams`. */
export async function choreStates(sql: Sql): Promise<ChoreState[]> {
  return sql<ChoreState[]>`
    SELECT substr(key, 7) AS chore,
           (extract(epoch FROM (value ->> 'tickedAt')::timestamptz) * 1000)::float8 AS "tickedAtMs",
           substr(key, 7) <> 'backfill' AND value ->> 'wantedAt' IS NOT NULL
             AND (value ->> 'wantedAt')::timestamptz >= coalesce((value ->> 'doneAt')::timestamptz, '-infinity')
             AND coalesce((value ->> 'retryAt')::timestamptz, '-infinity') < now() AS "isDue"
    FROM attio_sync.settings WHERE key LIKE 'chore:%'`;
}

/** Says when a chore's work begins, for `finishChore`: what is wanted later than that is wanted again. */
export async function beginChore(sql: Sql): Promise<string> {
  const [row] = await sql<{ at: string }[]>`SELECT clock_timestamp()::text AS at`;
  if (row === undefined) throw new Error("clock_timestamp answered no row");
  return row.at;
}

/** Ends a chore: done as of `begunAt`, or to be tried again a little later. */
export async function finishChore(
  sql: Sql,
  chore: Chore,
  { begunAt, ok }: { begunAt: string; ok: boolean },
): Promise<void> {
  await sql`
    UPDATE attio_sync.settings SET value = value || CASE WHEN ${ok}
      THEN jsonb_build_object('doneAt', ${begunAt}::timestamptz, 'retryAt', NULL)
      ELSE jsonb_build_object('retryAt', clock_timestamp() + ${RETRY_AFTER}::interval) END
    WHERE key = ${key(chore)}`;
}
