import type { Sql, Tx } from "../client.ts";
import { quoteIdentifier, quoteLiteral } from "../mirror/identifiers.ts";
import { mirrorTable } from "../mirror/sql-names.ts";
import { holdFrom, storedHoldOf, type Hold, type StoredHold } from "./outbox-holds.ts";

/** A table of the mirror and the stream that feeds it. */
export interface ComparedTable {
  stream: string;
  table: string;
  key: string;
}

/** What the mirror knows of a row that is not as Attio has it. */
export interface Standing {
  id: string;
  /** The ticket of whoever wrote or deleted the row last; null when nobody did. */
  fetchSeq: number | null;
  /** A dirty mark waits: the row is going to be fetched again. */
  isMarked: boolean;
  /** Why the row was set aside; null when it was not. */
  setAside: string | null;
}

/** A fetched row that the mirror does not have as it is. */
export interface UnequalRow extends Standing {
  /** There is no row, or only one that is marked deleted. */
  isMissing: boolean;
  /** The columns that differ; `attio.raw` stands for the whole JSON. */
  columns: string[];
  /** The row claims by its hash to be just what was fetched, so somebody else than an apply has changed it. */
  isTampered: boolean;
  /** What was written here and is not in Attio; null for nothing. */
  hold: Hold | null;
}

/** What stands for Attio's whole JSON among the names of columns. */
const RAW = "attio.raw";

/**
 * Compares fetched rows with the table, column by column, whatever the hashes say, and returns those that are unequal.
 * PostgreSQL compares: its own reading of a timestamp or a number is the one that counts.
 *
 * @param columns those that all of these rows have; others are not looked at
 * @param page the rows as the upsert gets them
 * @param raw their whole JSON, where it is kept
 * @throws the driver's error when a value does not fit its column
 */
export async function findUnequal(
  tx: Tx,
  { stream, table, key }: ComparedTable,
  columns: readonly string[],
  { page, raw }: { page: string; raw: string | undefined },
): Promise<UnequalRow[]> {
  const name = quoteIdentifier(key);
  const differs = (column: string) =>
    `n.${quoteIdentifier(column)} IS DISTINCT FROM o.${quoteIdentifier(column)}`;
  const tests = columns.toSorted().map((column) => ({ name: column, test: differs(column) }));
  const rawDiffers = "d.id IS NOT NULL AND kept.values IS DISTINCT FROM d.values";
  if (raw !== undefined) tests.push({ name: RAW, test: rawDiffers });
  const named = tests.map((one) => `CASE WHEN ${one.test} THEN ${quoteLiteral(one.name)} END`);
  const rows = await tx.unsafe<(Omit<UnequalRow, "hold"> & { hold: StoredHold | null })[]>(
    `SELECT n.${name} AS id, o.${name} IS NULL OR o._deleted_at IS NOT NULL AS "isMissing",
            array_remove(ARRAY[${named.join(", ")}]::text[], NULL) AS columns,
            coalesce(o._hash = n._hash, false) AS "isTampered",
            ${storedHoldOf("$2", `n.${name}`)} AS hold,
            ${standingOf(`n.${name}`, "o._fetch_seq")}
     FROM json_populate_recordset(NULL::${mirrorTable(table)}, $1::json) n
     LEFT JOIN ${mirrorTable(table)} o USING (${name})
     ${raw === undefined ? "" : rawJoins(`n.${name}`)}
     WHERE o.${name} IS NULL OR o._deleted_at IS NOT NULL ${tests.map((one) => `OR (${one.test})`).join(" ")}`,
    raw === undefined ? [page, stream] : [page, stream, raw],
    { prepare: true },
  );
  return rows.map(withHold);
}

function withHold<T extends { id: string; hold: StoredHold | null }>(row: T): T & { hold: Hold | null } {
  return { ...row, hold: row.hold === null ? null : holdFrom(row.id, row.hold) };
}

function rawJoins(id: string): string {
  return `LEFT JOIN json_to_recordset($3::json) AS d(id uuid, "values" jsonb) ON d.id = ${id}
    LEFT JOIN attio.raw kept ON kept.stream = $2 AND kept.id = ${id}`;
}

/** What the mirror knows of a row that there is nothing to compare with. */
export interface KnownRow extends Standing {
  /** The mirror has it, and not only marked deleted. */
  isPresent: boolean;
  /** What was written here and is not in Attio; null for nothing. */
  hold: Hold | null;
}

/** Which of these rows the mirror has, and what it knows of them. */
export async function findStanding(
  tx: Tx,
  { stream, table, key }: ComparedTable,
  ids: readonly string[],
): Promise<KnownRow[]> {
  const name = quoteIdentifier(key);
  const rows = await tx.unsafe<(Omit<KnownRow, "hold"> & { hold: StoredHold | null })[]>(
    `SELECT n.id, o.${name} IS NOT NULL AND o._deleted_at IS NULL AS "isPresent",
            ${storedHoldOf("$2", "n.id")} AS hold,
            ${standingOf("n.id", "o._fetch_seq")}
     FROM unnest($1::uuid[]) AS n(id) LEFT JOIN ${mirrorTable(table)} o ON o.${name} = n.id`,
    [[...ids], stream],
    { prepare: true },
  );
  return rows.map(withHold);
}

/** The select list of a `Standing`; $2 is the stream. */
function standingOf(id: string, fetchSeq: string): string {
  return `
    greatest(${fetchSeq}, (SELECT t.fetch_seq FROM attio_sync.tombstones t WHERE t.stream = $2 AND t.id = ${id}))
      AS "fetchSeq",
    EXISTS (SELECT 1 FROM attio_sync.dirty m WHERE m.stream = $2 AND m.id = ${id}) AS "isMarked",
    (SELECT s.code FROM attio_sync.set_aside s WHERE s.stream = $2 AND s.id = ${id}) AS "setAside"`;
}

/**
 * Rows that lie in no span of creation, so that no page could show them: what SQL of somebody else's has put there. Those
 * that were fetched after `before` are not meant.
 */
export async function findUndated(
  sql: Sql | Tx,
  { table, key }: ComparedTable,
  before: number,
): Promise<string[]> {
  const name = quoteIdentifier(key);
  const rows = await sql.unsafe<{ id: string }[]>(
    `SELECT ${name} AS id FROM ${mirrorTable(table)}
     WHERE (created_at IS NULL OR created_at < 'epoch' OR created_at = 'infinity')
       AND _fetch_seq < $1 AND _deleted_at IS NULL`,
    [before],
  );
  return rows.map((row) => row.id);
}

/** The meetings of recordings: without them Attio cannot be asked. One that the mirror does not have is left out. */
export async function findMeetings(sql: Sql, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await sql<{ id: string; meetingId: string }[]>`
    SELECT call_recording_id AS id, meeting_id AS "meetingId" FROM attio.call_recordings
    WHERE call_recording_id = ANY(${ids as string[]}::uuid[]) AND meeting_id IS NOT NULL`;
  return new Map(rows.map(({ id, meetingId }) => [id, meetingId]));
}
