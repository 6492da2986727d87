import type { Sql } from "../client.ts";

/** What waits in Postgres for the live workers. */
export interface Backlog {
  /** Milliseconds that the oldest unprocessed delivery has waited; null = none. */
  inboxMs: number | null;
  /** Streams with dirty marks that are due, and how long the oldest has been. */
  streams: { stream: string; waitedMs: number }[];
  /** Milliseconds that the oldest local change that is due has waited; null = none. */
  outboxMs: number | null;
}

/** Looks at the inbox, the dirty set and the outbox, in one round trip. The oldest is the first: much may wait, and is not gone over. */
export async function readBacklog(sql: Sql): Promise<Backlog> {
  const [row] = await sql<Backlog[]>`
    SELECT
      (SELECT (extract(epoch FROM now() - received_at) * 1000)::float8
       FROM attio_sync.webhook_events WHERE processed_at IS NULL ORDER BY id LIMIT 1) AS "inboxMs",
      (SELECT coalesce(json_agg(d ORDER BY d."waitedMs" DESC), '[]')
       FROM (SELECT stream, (extract(epoch FROM now() - min(greatest(due_at, claimed_until))) * 1000)::float8 AS "waitedMs"
             FROM attio_sync.dirty
             WHERE due_at <= now() AND (claimed_until IS NULL OR claimed_until < now())
             GROUP BY stream) d) AS streams,
      (SELECT (extract(epoch FROM now() - due_at) * 1000)::float8
       FROM attio_sync.outbox WHERE status = 'pending' AND due_at <= now() ORDER BY due_at LIMIT 1) AS "outboxMs"`;
  return row ?? { inboxMs: null, streams: [], outboxMs: null };
}

/** Puts the due marks of a stream off: the mirror has no such stream (yet), so nothing can be done about them now. */
export async function postponeMarks(sql: Sql, stream: string): Promise<void> {
  await sql`
    UPDATE attio_sync.dirty SET due_at = now() + interval '1 minute'
    WHERE stream = ${stream} AND due_at <= now()`;
}
