import type { Sql, Tx } from "../client.ts";
import type { Cells } from "../control/index.ts";
import { quoteIdentifier } from "../mirror/identifiers.ts";
import { mirrorTable } from "../mirror/sql-names.ts";
import { markDirty } from "./dirty.ts";

/** Rows whose changes are held against what Attio has. */
const HELD = "('pending', 'pushing', 'failed', 'conflict')";

/** What is held against Attio of one row. */
export interface Hold {
  id: string;
  /** Inserted here, and not yet there. */
  inserted: boolean;
  /** Deleted here, and not yet there. */
  deleted: boolean;
  /** Column → the value that was written here last. */
  cells: Cells;
}

/** A row's hold as SQL gives it: its changes are still one by one. */
export type StoredHold = Pick<Hold, "inserted" | "deleted"> & { changes: Cells[] };

/** The aggregates of a `StoredHold`, over a row's changes that are held. */
const HOLD = `
  bool_or(operation = 'insert') AS inserted,
  bool_or(operation = 'delete' AND (status IN ('pending', 'pushing') OR error_code IN ('too_many_deletes', 'copied_database'))) AS deleted,
  coalesce(json_agg(changes ORDER BY id) FILTER (WHERE operation <> 'delete'), '[]') AS changes`;

/** Puts the changes of a hold together. Pure. */
export function holdFrom(id: string, { inserted, deleted, changes }: StoredHold): Hold {
  return { id, inserted, deleted, cells: Object.assign({}, ...changes) as Cells };
}

/**
 * SQL of one row's `StoredHold`, NULL where nothing is held: for statements that must see row and hold as they were at
 * one moment.
 *
 * @param stream SQL of the stream's name
 * @param id SQL of the row's key
 */
export function storedHoldOf(stream: string, id: string): string {
  return `(SELECT row_to_json(h) FROM (
    SELECT ${HOLD} FROM attio_sync.outbox
    WHERE record_id = ${id} AND stream = ${stream} AND status IN ${HELD} HAVING count(*) > 0) h)`;
}

/** Reads what is held of rows; to be asked after their locks were taken (design rule 4). */
export async function readHolds(
  sql: Sql | Tx,
  stream: string,
  ids: readonly string[],
): Promise<Map<string, Hold>> {
  const rows = await sql.unsafe<(StoredHold & { id: string })[]>(
    `SELECT record_id AS id, ${HOLD} FROM attio_sync.outbox
     WHERE record_id = ANY($1::uuid[]) AND stream = $2 AND status IN ${HELD}
     GROUP BY record_id`,
    [[...ids], stream],
    { prepare: true },
  );
  return new Map(rows.map(({ id, ...stored }) => [id, holdFrom(id, stored)]));
}

/** Ends a hold without writing the row: it is fetched again, and without its hash it can't look unchanged. The stream's lock is held. */
export async function endHold(
  tx: Tx,
  table: { name: string; key: string },
  { stream, recordId, reason }: { stream: string; recordId: string; reason: string },
): Promise<void> {
  await endHolds(tx, table, { stream, recordIds: [recordId], reason });
}

/** Ends those of several rows. */
export async function endHolds(
  tx: Tx,
  { name, key }: { name: string; key: string },
  { stream, recordIds, reason }: { stream: string; recordIds: readonly string[]; reason: string },
): Promise<void> {
  if (recordIds.length === 0) return;
  await tx.unsafe(
    `UPDATE ${mirrorTable(name)} SET _hash = NULL WHERE ${quoteIdentifier(key)} = ANY($1::uuid[])`,
    [[...recordIds]],
  );
  await markDirty(tx, stream, recordIds, reason);
}
