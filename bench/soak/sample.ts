import type { Sql } from "../../src/db/index.ts";
import { rssOfProcess } from "../support/process-memory.ts";

/** Tables that grow by design: what they hold is kept for days, or for good. */
const KEPT = [
  "webhook_events",
  "outbox",
  "conflicts",
  "tombstones",
  "id_map",
  "merged_records",
  "value_history",
];

/** A look at the daemon and its database. */
export interface Sample {
  /** Since the work began. */
  seconds: number;
  /** Of the daemon's process; undefined where the system does not tell. */
  rssMb: number | undefined;
  connections: number;
  /** Of the mirror's tables, but for what is kept. */
  mirrorBytes: number;
  /** Of what is needed to keep it true, and of the queue; but for what is kept. */
  syncBytes: number;
  /** Of what is kept. */
  keptBytes: number;
  keptRows: number;
  deadRows: number;
  backlog: Backlog;
}

/** What waits. */
export interface Backlog {
  deliveries: number;
  marks: number;
  changes: number;
}

/** Looks at the daemon and its database. */
export async function takeSample(sql: Sql, pid: number, seconds: number): Promise<Sample> {
  const [sizes] = await sql<Omit<Sample, "seconds" | "rssMb" | "backlog">[]>`
    SELECT
      (SELECT count(*) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name LIKE 'attio-mirror%') AS connections,
      coalesce(sum(bytes) FILTER (WHERE NOT is_kept AND schemaname = 'attio'), 0)::float8 AS "mirrorBytes",
      coalesce(sum(bytes) FILTER (WHERE NOT is_kept AND schemaname <> 'attio'), 0)::float8 AS "syncBytes",
      coalesce(sum(bytes) FILTER (WHERE is_kept), 0)::float8 AS "keptBytes",
      coalesce(sum(n_live_tup) FILTER (WHERE is_kept), 0)::float8 AS "keptRows",
      coalesce(sum(n_dead_tup), 0)::float8 AS "deadRows"
    FROM (SELECT *, pg_total_relation_size(relid) AS bytes, relname = ANY(${KEPT}) AS is_kept
          FROM pg_stat_user_tables WHERE schemaname IN ('attio', 'attio_sync', 'attio_queue')) t`;
  if (sizes === undefined) throw new Error("the database has no tables");
  return { seconds, rssMb: rssOfProcess(pid), ...sizes, backlog: await readWaiting(sql) };
}

/** Counts what waits. */
export async function readWaiting(sql: Sql): Promise<Backlog> {
  const [row] = await sql<Backlog[]>`
    SELECT (SELECT count(*) FROM attio_sync.webhook_events WHERE processed_at IS NULL) AS deliveries,
      (SELECT count(*) FROM attio_sync.dirty) AS marks,
      (SELECT count(*) FROM attio_sync.outbox WHERE status IN ('pending', 'pushing')) AS changes`;
  return row ?? { deliveries: 0, marks: 0, changes: 0 };
}

/** All that waits, as one number. */
export function waiting({ deliveries, marks, changes }: Backlog): number {
  return deliveries + marks + changes;
}
