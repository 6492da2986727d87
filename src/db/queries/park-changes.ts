import type { Tx } from "../client.ts";

/** Why changes are parked, for people and for programs. */
export interface ParkReason {
  code: string;
  message: string;
}

/**
 * Parks all local changes that wait, until somebody retries or discards them. What was done for them is not known, so they
 * count as sent since they were made: a retry looks in Attio first for what they may have brought about. Of inserts that
 * look alike only the first does, since of those only one may count as sent at a time.
 *
 * @returns how many
 */
export async function parkChanges(tx: Tx, { code, message }: ParkReason): Promise<number> {
  const parked = await tx`
    WITH waiting AS (
      SELECT id, operation = 'insert' AND row_number() OVER (PARTITION BY stream, operation, changes ORDER BY id) > 1 AS again
      FROM attio_sync.outbox WHERE status IN ('pending', 'pushing'))
    UPDATE attio_sync.outbox o SET status = 'failed', claimed_by = NULL, error_code = ${code}, error_message = ${message},
      attempted_at = CASE WHEN w.again THEN o.attempted_at ELSE coalesce(o.attempted_at, o.created_at) END
    FROM waiting w WHERE w.id = o.id AND o.status IN ('pending', 'pushing')`;
  return parked.count;
}
