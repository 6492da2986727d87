import type { Sql, Tx } from "../client.ts";

/** A row that could not be read, written or deleted, and why. */
export interface SetAside {
  id: string;
  code: string;
  reason: string;
}

/** Records rows that were left out, with the reason; a row that fails again counts one attempt more. */
export async function setAside(sql: Sql | Tx, stream: string, rows: readonly SetAside[]): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    INSERT INTO attio_sync.set_aside (stream, id, code, reason)
    SELECT ${stream}, id, code, reason
    FROM json_to_recordset(${JSON.stringify(rows)}::text::json) AS r(id uuid, code text, reason text)
    ORDER BY id
    ON CONFLICT (stream, id) DO UPDATE
      SET code = excluded.code, reason = excluded.reason, set_aside_at = now(), attempts = set_aside.attempts + 1`;
}

/** Forgets rows that have been applied after all. */
export async function clearSetAside(sql: Sql | Tx, stream: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await sql`DELETE FROM attio_sync.set_aside WHERE stream = ${stream} AND id = ANY(${ids as string[]}::uuid[])`;
}
