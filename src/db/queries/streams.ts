import { eq, sql } from "drizzle-orm";
import type { Orm, Sql, Tx } from "../client.ts";
import { streams } from "../control/index.ts";

export type StreamRow = typeof streams.$inferSelect;

/** Why a stream is not (or not wholly) mirrored; `ok` when it is. Never a reason to delete anything. */
export type StreamState =
  "ok" | "forbidden" | "disabled" | "hidden" | "gone" | "unfit" | "parked" | "failed" | "empty";

export function listStreams(orm: Orm): Promise<StreamRow[]> {
  return orm.select().from(streams).orderBy(streams.stream);
}

export async function findStreamBySource(orm: Orm, sourceId: string): Promise<StreamRow | undefined> {
  const [row] = await orm.select().from(streams).where(eq(streams.sourceId, sourceId));
  return row;
}

export async function findStream(orm: Orm, stream: string): Promise<StreamRow | undefined> {
  const [row] = await orm.select().from(streams).where(eq(streams.stream, stream));
  return row;
}

/** Makes sure that a stream has its row, and that one noted before its object or list could be read belongs to it. */
export async function ensureStream(
  orm: Orm,
  row: { stream: string; kind: "object" | "list" | "fixed"; sourceId: string | null },
): Promise<void> {
  if (row.sourceId === null) {
    await orm.insert(streams).values(row).onConflictDoNothing();
    return;
  }
  await orm
    .insert(streams)
    .values(row)
    .onConflictDoUpdate({
      target: streams.stream,
      set: row,
      setWhere: sql`${streams.sourceId} IS NULL AND ${streams.kind} <> 'fixed'`,
    });
}

export async function setStreamState(
  orm: Orm,
  stream: string,
  state: StreamState,
  reason: string | null,
): Promise<void> {
  await orm.update(streams).set({ state, reason }).where(eq(streams.stream, stream));
}

export async function markBackfilled(orm: Orm, stream: string): Promise<void> {
  await orm
    .update(streams)
    .set({ state: "ok", reason: null, lastBackfillAt: sql`now()` })
    .where(eq(streams.stream, stream));
}

/** Moves all that is remembered of a stream to its new name; to be called under both names' locks. */
export async function renameStream(tx: Tx, from: string, to: string): Promise<void> {
  for (const table of ["runs", "dirty", "tombstones", "set_aside", "outbox", "conflicts", "streams"]) {
    await tx`UPDATE ${tx(`attio_sync.${table}`)} SET stream = ${to} WHERE stream = ${from}`;
  }
  await tx`UPDATE attio.value_history SET object = ${to} WHERE object = ${from}`;
  await tx`UPDATE attio.raw SET stream = ${to} WHERE stream = ${from}`;
}

/**
 * Says that a stream's table, columns or titles changed, so that no page read under the old plan is applied. Versions
 * are above those of all streams: names may be swapped, and no stream shall meet another's version under its name.
 */
export async function bumpPlanVersion(tx: Tx, stream: string): Promise<void> {
  await tx`
    UPDATE attio_sync.streams SET plan_version = (SELECT max(plan_version) FROM attio_sync.streams) + 1
    WHERE stream = ${stream}`;
}

/** The version of a stream's plan; undefined when there is no stream of that name (any more). */
export async function planVersion(sql: Sql | Tx, stream: string): Promise<number | undefined> {
  const [row] = await sql<{ version: number }[]>`
    SELECT plan_version AS version FROM attio_sync.streams WHERE stream = ${stream}`;
  return row?.version;
}
