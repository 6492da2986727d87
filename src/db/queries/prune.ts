import type { Sql } from "../client.ts";

/** How long what is done with is kept, as Postgres intervals. */
export interface Retention {
  /** Processed deliveries: until then they can be replayed. */
  deliveries: string;
  tombstones: string;
  runs: string;
  /** Local changes that are done with. */
  changes: string;
}

export const RETENTION = { tombstones: "30 days", runs: "30 days", changes: "30 days" } as const;

/** Rows of one DELETE, so that no lock is held for long. */
const BATCH = 5_000;

/** Deletes what is past its time; a stream's last run always stays. */
export async function prune(sql: Sql, retention: Retention): Promise<Record<keyof Retention, number>> {
  return {
    deliveries: await inBatches(
      () => sql`
        DELETE FROM attio_sync.webhook_events WHERE id IN (
          SELECT id FROM attio_sync.webhook_events
          WHERE received_at < now() - ${retention.deliveries}::interval AND processed_at IS NOT NULL LIMIT ${BATCH})`,
    ),
    tombstones: await inBatches(
      () => sql`
        DELETE FROM attio_sync.tombstones WHERE (stream, id) IN (
          SELECT stream, id FROM attio_sync.tombstones
          WHERE deleted_at < now() - ${retention.tombstones}::interval LIMIT ${BATCH})`,
    ),
    runs: await inBatches(
      () => sql`
        DELETE FROM attio_sync.runs WHERE id IN (
          SELECT r.id FROM attio_sync.runs r
          WHERE r.finished_at < now() - ${retention.runs}::interval
            AND r.id < (SELECT max(l.id) FROM attio_sync.runs l WHERE l.stream = r.stream AND l.state IN ('done', 'parked'))
          LIMIT ${BATCH})`,
    ),
    changes: await inBatches(
      () => sql`
        DELETE FROM attio_sync.outbox WHERE id IN (
          SELECT id FROM attio_sync.outbox
          WHERE status IN ('pushed', 'discarded') AND created_at < now() - ${retention.changes}::interval LIMIT ${BATCH})`,
    ),
  };
}

async function inBatches(remove: () => Promise<{ count: number }>): Promise<number> {
  let total = 0;
  for (;;) {
    const { count } = await remove();
    total += count;
    if (count < BATCH) return total;
  }
}
