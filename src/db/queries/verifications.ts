import type { Sql, Tx } from "../client.ts";
import { quoteIdentifier } from "../mirror/identifiers.ts";
import { mirrorTable } from "../mirror/sql-names.ts";
import { drawTicket } from "./tickets.ts";

/**
 * A comparison of one stream under way. It keeps its lists where runs keep theirs, under a name that no stream has: so
 * memory does not grow with the workspace, and no backfill meets it.
 */
export interface Verification {
  id: number;
  /** Rows with a ticket above it were read by somebody meanwhile. */
  firstTicket: number;
}

/** Longer than any comparison takes: what is older was left by a process that was killed. */
const ABANDONED_AFTER = "1 day";

/** Begins a comparison of a stream, and clears away those that were never ended. */
export async function beginVerification(sql: Sql, stream: string): Promise<Verification> {
  await sql`
    DELETE FROM attio_sync.runs
    WHERE state = 'verifying' AND started_at < now() - ${ABANDONED_AFTER}::interval`;
  const firstTicket = await drawTicket(sql);
  const [row] = await sql<{ id: number }[]>`
    INSERT INTO attio_sync.runs (stream, state, first_ticket)
    VALUES (${`verify:${stream}`}, 'verifying', ${firstTicket}) RETURNING id`;
  if (row === undefined) throw new Error("INSERT returned no run");
  return { id: row.id, firstTicket };
}

/** Ends a comparison; what it remembered goes with it. */
export async function endVerification(sql: Sql, { id }: Verification): Promise<void> {
  await sql`DELETE FROM attio_sync.runs WHERE id = ${id}`;
}

/** Notes rows as reported, and returns those that were not noted before. */
export async function noteReported(
  sql: Sql | Tx,
  { id: runId }: Verification,
  stream: string,
  ids: readonly string[],
): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await sql<{ id: string }[]>`
    INSERT INTO attio_sync.run_missing (run_id, stream, id)
    SELECT ${runId}, ${stream}, id FROM unnest(${ids as string[]}::uuid[]) AS id
    ON CONFLICT DO NOTHING RETURNING id`;
  return new Set(rows.map((row) => row.id));
}

/** Lets rows look unlike anything that is fetched, so that the next look writes them. One that a user has locked is left. */
export async function clearHashes(
  tx: Tx,
  { table, key }: { table: string; key: string },
  ids: readonly string[],
): Promise<void> {
  const name = quoteIdentifier(key);
  await tx.unsafe(
    `UPDATE ${mirrorTable(table)} SET _hash = NULL WHERE ${name} IN (
       SELECT ${name} FROM ${mirrorTable(table)} WHERE ${name} = ANY($1::uuid[]) AND _hash IS NOT NULL
       ORDER BY ${name} FOR UPDATE SKIP LOCKED)`,
    [[...ids]],
  );
}

/** Whether somebody is seeing to a mark of one of these rows. */
export async function isClaimed(sql: Sql, stream: string, ids: readonly string[]): Promise<boolean> {
  const rows = await sql`
    SELECT 1 FROM attio_sync.dirty
    WHERE stream = ${stream} AND id = ANY(${ids as string[]}::uuid[]) AND claimed_until > now() LIMIT 1`;
  return rows.length > 0;
}

/** How many rows are as they should be since their hashes were cleared, and how many were not deleted because of the cap. */
export async function countMended(
  sql: Sql,
  { stream, table, key }: { stream: string; table: string; key: string },
  drifts: readonly { id: string; kind: string }[],
): Promise<{ repaired: number; heldBack: number }> {
  const list = JSON.stringify(drifts.map(({ id, kind }) => ({ id, kind })));
  const name = quoteIdentifier(key);
  const [row] = await sql.unsafe<{ repaired: number; heldBack: number }[]>(
    `SELECT count(*) FILTER (WHERE CASE WHEN o.${name} IS NULL OR o._deleted_at IS NOT NULL
              THEN d.kind <> 'missing' ELSE o._hash IS NOT NULL END) AS repaired,
            count(*) FILTER (WHERE s.code = 'deletion_held_back') AS "heldBack"
     FROM json_to_recordset($1::text::json) AS d(id uuid, kind text)
     LEFT JOIN ${mirrorTable(table)} o ON o.${name} = d.id
     LEFT JOIN attio_sync.set_aside s ON s.stream = $2 AND s.id = d.id`,
    [list, stream],
  );
  return row ?? { repaired: 0, heldBack: 0 };
}
