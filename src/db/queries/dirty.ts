import type { Sql, Tx } from "../client.ts";

/** Marks rows as to be fetched again. A second mark takes a new number, so that a fetch under way cannot clear it. */
export async function markDirty(
  sql: Sql | Tx,
  stream: string,
  ids: readonly string[],
  reason: string,
): Promise<void> {
  if (ids.length === 0) return;
  await sql`
    INSERT INTO attio_sync.dirty (stream, id, reason)
    SELECT ${stream}, id, ${reason} FROM unnest(${ids as string[]}::uuid[]) AS id ORDER BY id
    ON CONFLICT (stream, id) DO UPDATE
      SET mark = nextval('attio_sync.mark_seq'), reason = excluded.reason, marked_at = now()`;
}
