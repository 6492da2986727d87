import type { Cells } from "../control/index.ts";
import type { Sql, Tx } from "../client.ts";
import { takenJson, type Lane } from "./outbox.ts";

/** A waiting change of another row that gives up a unique value. */
export interface Release {
  recordId: string;
  operation: "update" | "delete";
  /** Why it does not go on by itself, e.g. `too_many_deletes`; null where it does. */
  heldBy: string | null;
}

/** Codes of deletes that wait until somebody allows them. */
const ON_HOLD = "('too_many_deletes', 'copied_database', 'other_workspace')";

/**
 * Waiting changes of other rows of the stream that give up one of these values; a refused one, which will not, is left out.
 *
 * @param values in lower case, e.g. `ada@example.com`
 */
export async function findReleases(
  sql: Sql | Tx,
  { stream, recordId }: Pick<Lane, "stream" | "recordId">,
  values: readonly string[],
): Promise<Release[]> {
  if (values.length === 0) return [];
  return sql<Release[]>`
    SELECT record_id AS "recordId", operation, CASE WHEN status = 'failed' THEN error_code END AS "heldBy"
    FROM attio_sync.outbox o
    WHERE frees IS NOT NULL AND frees && ${values as string[]}::text[] AND stream = ${stream} AND record_id <> ${recordId}
      AND status IN ('pending', 'pushing', 'failed')
      AND (status <> 'failed' OR operation = 'delete' AND error_code IN ${sql.unsafe(ON_HOLD)})
      -- What goes together with an insert that was never sent was never in Attio.
      AND NOT (operation = 'update' AND EXISTS (
        SELECT FROM attio_sync.outbox i WHERE i.record_id = o.record_id AND i.stream = o.stream
          AND i.operation = 'insert' AND i.attempted_at IS NULL AND i.status = o.status))`;
}

/** Whether a waiting change deletes a record or gives up a unique value of it. */
export async function hasRelease(tx: Tx, stream: string, recordId: string): Promise<boolean> {
  const found = await tx`
    SELECT FROM attio_sync.outbox
    WHERE record_id = ${recordId} AND stream = ${stream} AND status IN ('pending', 'pushing')
      AND (operation = 'delete' OR frees IS NOT NULL) LIMIT 1`;
  return found.length > 0;
}

/**
 * Notes that Attio has given up the unique values of these row changes, ahead of the rest: other rows may claim them, and the
 * rest is decided against what Attio has since.
 *
 * @param base columns of the unique attributes as they were, without what was given up
 */
export async function noteReleased(sql: Sql, { changes }: Pick<Lane, "changes">, base: Cells): Promise<void> {
  await sql`
    UPDATE attio_sync.outbox o SET frees = NULL, base = o.base || (
      SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(${JSON.stringify(base)}::text::jsonb)
      WHERE o.base ? key)
    FROM json_to_recordset(${takenJson(changes)}::text::json) AS t(id bigint, attempts int)
    WHERE o.id = t.id AND o.attempts = t.attempts AND o.status = 'pushing'`;
}
