import type { Sql } from "../client.ts";

/** How many local changes of a stream are not in Attio. */
export interface ChangeCounts {
  /** On their way, or about to be. */
  pending: number;
  failed: number;
  /** Both sides changed the value, and somebody has to decide. */
  conflicts: number;
}

export const NO_CHANGES: ChangeCounts = { pending: 0, failed: 0, conflicts: 0 };

/** Counts them by stream; streams without any are left out. By two indexes, hence the OR. */
export async function countChanges(sql: Sql): Promise<Map<string, ChangeCounts>> {
  const rows = await sql<(ChangeCounts & { stream: string })[]>`
    SELECT stream, count(*) FILTER (WHERE status IN ('pending', 'pushing')) AS pending,
      count(*) FILTER (WHERE status = 'failed') AS failed, count(*) FILTER (WHERE status = 'conflict') AS conflicts
    FROM attio_sync.outbox WHERE status = 'pending' OR status IN ('pushing', 'failed', 'conflict') GROUP BY stream`;
  return new Map(rows.map(({ stream, ...counts }) => [stream, counts]));
}
