import type { Sql, Tx } from "../client.ts";

/** What makes a record dirty. */
export interface Doorbell {
  stream: string;
  id: string;
  reason: string;
  /** Attio said that it is gone. */
  announced?: boolean;
  /** What is needed to fetch it besides its id. */
  detail?: Record<string, string>;
  /** Seconds until it is due; default 0. */
  delay?: number;
}

/** How long a claim holds before others may take the mark: longer than a fetch with its retries. */
const CLAIM = "2 minutes";

/** When a doorbell that found nothing changed rings once more: Attio may announce a change before showing it. */
const SECOND_LOOK = "5 seconds";

/** Marks rows as to be fetched again. A second mark takes a new number, so that a fetch under way cannot clear it. */
export async function markDirty(
  sql: Sql | Tx,
  stream: string,
  ids: readonly string[],
  reason: string,
  { delay = 0 }: { delay?: number } = {},
): Promise<void> {
  await ring(
    sql,
    ids.map((id) => ({ stream, id, reason, delay })),
  );
}

/** Marks rows of any streams, several doorbells at once; doorbells for one record become one mark. */
export async function ring(sql: Sql | Tx, doorbells: readonly Doorbell[]): Promise<void> {
  if (doorbells.length === 0) return;
  await sql`
    INSERT INTO attio_sync.dirty (stream, id, reason, announced, detail, rings, due_at)
    SELECT stream, id, max(reason), bool_or(announced IS TRUE), (array_agg(detail) FILTER (WHERE detail IS NOT NULL))[1],
           count(*), now() + coalesce(min(delay), 0) * interval '1 second'
    FROM json_to_recordset(${JSON.stringify(doorbells)}::text::json)
      AS d(stream text, id uuid, reason text, announced boolean, detail jsonb, delay float8)
    GROUP BY stream, id ORDER BY stream, id
    ON CONFLICT (stream, id) DO UPDATE SET
      mark = nextval('attio_sync.mark_seq'), reason = excluded.reason, marked_at = now(), due_at = excluded.due_at,
      announced = dirty.announced OR excluded.announced, detail = coalesce(excluded.detail, dirty.detail),
      rings = dirty.rings + excluded.rings, again = false, attempts = 0`;
}

/** A mark that this process is seeing to. */
export interface Claimed {
  id: string;
  mark: number;
  rings: number;
  again: boolean;
  announced: boolean;
  attempts: number;
  detail: Record<string, string> | null;
}

/**
 * Takes marks that are due, oldest first; nobody else gets them until they are settled, or the claim runs out, or the
 * connection that took them is gone.
 */
export async function claimDue(sql: Sql, stream: string, limit: number): Promise<Claimed[]> {
  return sql<Claimed[]>`
    UPDATE attio_sync.dirty d SET claimed_until = now() + ${CLAIM}::interval, claimed_by = pg_backend_pid()
    FROM (
      SELECT id FROM attio_sync.dirty
      WHERE stream = ${stream} AND due_at <= now() AND (claimed_until IS NULL OR claimed_until < now())
      ORDER BY due_at, mark LIMIT ${limit} FOR UPDATE SKIP LOCKED
    ) due
    WHERE d.stream = ${stream} AND d.id = due.id
    RETURNING d.id, d.mark, d.rings, d.again, d.announced, d.attempts, d.detail`;
}

/** How many marks of a stream are due and nobody's; counts no further than `most`. */
export async function countDue(sql: Sql, stream: string, most: number): Promise<number> {
  const [row] = await sql<{ due: number }[]>`
    SELECT count(*) AS due FROM (
      SELECT FROM attio_sync.dirty
      WHERE stream = ${stream} AND due_at <= now() AND (claimed_until IS NULL OR claimed_until < now())
      LIMIT ${most}
    ) d`;
  return row?.due ?? 0;
}

/**
 * Frees marks whose claimant is gone: a killed process must not keep an edit waiting until its claim runs out. That a
 * pool closed the connection looks the same and costs a second read, no more. A server process that began after the
 * claim is another one under the same number.
 */
export async function releaseOrphans(sql: Sql): Promise<void> {
  await sql`
    UPDATE attio_sync.dirty SET claimed_until = NULL
    WHERE (stream, id) IN (
      SELECT stream, id FROM attio_sync.dirty d
      WHERE claimed_until > now() AND NOT EXISTS (
        SELECT 1 FROM pg_stat_activity a
        WHERE a.pid = d.claimed_by AND a.backend_start < d.claimed_until - ${CLAIM}::interval)
      FOR UPDATE SKIP LOCKED)`;
}

/** What a settlement does besides clearing marks. */
export interface Settlement {
  /** Ids whose look found nothing changed; their marks stay, due a little later (design rule 22). */
  secondLook?: ReadonlySet<string>;
  /** Whom to look at next, of any stream; one of a mark that is being settled keeps it. */
  doorbells?: readonly Doorbell[];
}

/** Clears marks whose records have been seen to, unless a doorbell rang since: such a mark is due again at once. */
export async function settleMarks(
  tx: Tx,
  stream: string,
  claimed: readonly Claimed[],
  { secondLook = new Set(), doorbells = [] }: Settlement = {},
): Promise<void> {
  await lockMarks(tx, [...claimed.map(({ id }) => ({ stream, id })), ...doorbells]);
  await ring(tx, doorbells);
  const marks = claimed.map(({ id, mark }) => ({ id, mark, later: secondLook.has(id) }));
  const list = JSON.stringify(marks);
  await tx`
    DELETE FROM attio_sync.dirty d
    USING json_to_recordset(${list}::text::json) AS m(id uuid, mark bigint, later boolean)
    WHERE d.stream = ${stream} AND d.id = m.id AND d.mark = m.mark AND NOT m.later`;
  await tx`
    UPDATE attio_sync.dirty d SET claimed_until = NULL,
      again = CASE WHEN d.mark = m.mark THEN true ELSE d.again END,
      due_at = CASE WHEN d.mark = m.mark THEN now() + ${SECOND_LOOK}::interval ELSE d.due_at END
    FROM json_to_recordset(${list}::text::json) AS m(id uuid, mark bigint, later boolean)
    WHERE d.stream = ${stream} AND d.id = m.id`;
}

/** Gives marks back after a failure; each is due again after a pause that grows with its failures. */
export async function returnMarks(
  tx: Tx,
  stream: string,
  ids: readonly string[],
  { failed }: { failed: boolean },
): Promise<void> {
  await lockMarks(
    tx,
    ids.map((id) => ({ stream, id })),
  );
  await tx`
    UPDATE attio_sync.dirty SET claimed_until = NULL, attempts = attempts + ${failed ? 1 : 0},
      due_at = CASE WHEN ${failed} THEN now() + least(300, power(2, attempts)) * interval '1 second' ELSE due_at END
    WHERE stream = ${stream} AND id = ANY(${ids as string[]}::uuid[])`;
}

/**
 * Locks marks in the order in which doorbells are written, whatever streams they belong to. Batches of two streams whose
 * records refer to each other settle their own marks and ring the other's: one of them would lose a deadlock, and each a second.
 */
async function lockMarks(tx: Tx, marks: readonly { stream: string; id: string }[]): Promise<void> {
  // One has no order.
  if (marks.length < 2) return;
  const list = JSON.stringify(marks.map(({ stream, id }) => ({ stream, id })));
  await tx`
    SELECT FROM attio_sync.dirty d
    JOIN json_to_recordset(${list}::text::json) AS m(stream text, id uuid) USING (stream, id)
    ORDER BY d.stream, d.id FOR UPDATE OF d`;
}

/** Streams with work that is due, and how much. */
export async function dueStreams(sql: Sql): Promise<{ stream: string; due: number }[]> {
  return sql<{ stream: string; due: number }[]>`
    SELECT stream, count(*) AS due FROM attio_sync.dirty
    WHERE due_at <= now() AND (claimed_until IS NULL OR claimed_until < now())
    GROUP BY stream ORDER BY min(due_at)`;
}
