import type { Sql, Tx } from "../../db/client.ts";
import { quoteIdentifier } from "../../db/mirror/identifiers.ts";
import { mirrorTable } from "../../db/mirror/sql-names.ts";
import type { Run } from "../../db/queries/runs.ts";
import type { ApplyTarget } from "../apply/target.ts";
import type { ChildStream, ParentTable } from "./child-streams.ts";

/**
 * Rows of a closed span of creation that the page of that span did not show: perhaps deleted, to be confirmed. Rows
 * that were fetched after the page was asked for are not missed.
 */
export async function findAbsentInSpan(
  sql: Sql | Tx,
  target: ApplyTarget,
  span: { from: number; to: number | null; begin: number; shown: readonly string[] },
): Promise<string[]> {
  const key = quoteIdentifier(target.key);
  const rows = await sql.unsafe<{ id: string }[]>(
    `SELECT ${key} AS id FROM ${mirrorTable(target.table)}
     WHERE created_at >= $1::timestamptz AND created_at < $2::timestamptz
       AND _fetch_seq < $3 AND _deleted_at IS NULL AND NOT EXISTS (
         SELECT 1 FROM unnest($4::uuid[]) AS shown(id) WHERE shown.id = ${key})`,
    [
      new Date(span.from).toISOString(),
      span.to === null ? "infinity" : new Date(span.to).toISOString(),
      span.begin,
      [...span.shown],
    ],
    { prepare: true },
  );
  return rows.map((row) => row.id);
}

/** Rows that a whole listing did not show, but for those that somebody fetched while it was read. */
export async function findAbsentFromListing(
  sql: Sql | Tx,
  target: ApplyTarget,
  run: Pick<Run, "id" | "firstTicket">,
): Promise<string[]> {
  const key = quoteIdentifier(target.key);
  const rows = await sql.unsafe<{ id: string }[]>(
    `SELECT ${key} AS id FROM ${mirrorTable(target.table)}
     WHERE _fetch_seq < $1 AND _deleted_at IS NULL AND created_at IS NOT NULL AND NOT EXISTS (
       SELECT 1 FROM attio_sync.run_seen s WHERE s.run_id = $2 AND s.id = ${key})`,
    [run.firstTicket, run.id],
  );
  return rows.map((row) => row.id);
}

/** Rows that hang on one of these parents, whose listings did not show them. One without a time of creation was inserted here. */
export async function findAbsentAtParents(
  sql: Sql | Tx,
  target: ApplyTarget,
  parents: ParentTable,
  read: { ids: readonly string[]; begin: number; shown: readonly string[] },
): Promise<string[]> {
  const key = quoteIdentifier(target.key);
  const rows = await sql.unsafe<{ id: string }[]>(
    `SELECT ${key} AS id FROM ${mirrorTable(target.table)}
     WHERE ${parents.hangsOn} AND _fetch_seq < $2 AND _deleted_at IS NULL AND created_at IS NOT NULL
       AND NOT ${key} = ANY($3::uuid[])`,
    [[...read.ids], read.begin, [...read.shown]],
    { prepare: true },
  );
  return rows.map((row) => row.id);
}

/** Rows whose parent is not in the mirror: they are on nobody's listing. */
export async function findOrphans(
  sql: Sql | Tx,
  target: ApplyTarget,
  child: ChildStream,
  before: number,
): Promise<string[]> {
  const rows = await sql.unsafe<{ id: string }[]>(
    `SELECT ${quoteIdentifier(target.key)} AS id FROM ${mirrorTable(target.table)} child
     WHERE _fetch_seq < $1 AND _deleted_at IS NULL AND child.created_at IS NOT NULL AND ${child.orphaned}`,
    [before],
  );
  return rows.map((row) => row.id);
}
