import type { Tx } from "../../db/client.ts";
import type { Cells } from "../../db/control/index.ts";
import { quoteIdentifier } from "../../db/mirror/identifiers.ts";
import { mirrorTable } from "../../db/mirror/sql-names.ts";
import { upsertStatement } from "../../db/mirror/upsert.ts";
import { rowsPage } from "../apply/pages.ts";
import type { ApplyTarget } from "../apply/target.ts";
import type { MappedRow } from "../mapping/row.ts";
import {
  moveStatements,
  isStrict,
  ownReferences,
  parkStatements,
  PROVISIONAL,
  readForeignKeys,
  REAL,
  type ForeignKey,
} from "./foreign-keys.ts";
import { LaneFailedError } from "./lane-errors.ts";
import { readOwnColumns } from "./own-columns.ts";

/** The rows that an answer finds, locked: key → the fetch sequence number of whoever wrote the row last. */
export type LockedRows = ReadonlyMap<string, number>;

/** Locks a row under its provisional id and Attio's, in the order of keys. No row can begin to refer to a locked one. */
export async function lockRows(
  tx: Tx,
  { table, key }: ApplyTarget,
  ids: readonly string[],
): Promise<LockedRows> {
  const column = quoteIdentifier(key);
  const rows = await tx.unsafe<{ id: string; fetchSeq: number }[]>(
    `SELECT ${column} AS id, _fetch_seq AS "fetchSeq" FROM ${mirrorTable(table)}
     WHERE ${column} = ANY($1::uuid[]) ORDER BY ${column} FOR UPDATE`,
    [[...ids]],
    { prepare: true },
  );
  return new Map(rows.map(({ id, fetchSeq }) => [id, fetchSeq]));
}

/** What is to be written, and how. */
export interface AnswerWrite {
  row: MappedRow;
  /** The id under which the row was changed; another than Attio's where it was inserted here. */
  localId: string;
  locked: LockedRows;
  /** Column → the value that was changed here since, which stays. */
  pending: Cells;
  /** False for an answer that must not be written: the row only gets its id and its number. */
  mayWrite: boolean;
  /** The fetch sequence number drawn before the request was sent. */
  begin: number;
  /** The one drawn after the answer. */
  end: number;
}

/**
 * Writes Attio's answer into the row, with its id, hash and fetch sequence number: one UPDATE, so that a user's trigger sees
 * one event. Where the row must not take the answer it has no hash afterwards, so that it can't look unchanged.
 *
 * @returns whether the answer was written; false also where a fetch that began later may have brought newer values
 */
export async function writeAnswer(tx: Tx, target: ApplyTarget, write: AnswerWrite): Promise<boolean> {
  const { row, localId, locked, pending, mayWrite, begin, end } = write;
  const fetchSeq = locked.get(row.id) ?? locked.get(localId);
  const columns = Object.fromEntries(
    Object.entries(row.columns).map(([column, value]) => [
      column,
      column in pending ? pending[column] : value,
    ]),
  );
  const page = rowsPage(target.key, [{ ...row, columns }]);
  if (fetchSeq === undefined) {
    if (!mayWrite) return false;
    const upsert = upsertStatement({ ...target, columns: Object.keys(columns) });
    if ((await tx.unsafe(upsert, [page, end, begin], { prepare: true })).length > 0) return true;
  }
  const written = mayWrite && (fetchSeq ?? begin) < begin;
  const set = written
    ? [
        ...Object.keys(columns).map((column) => `${quoteIdentifier(column)} = n.${quoteIdentifier(column)}`),
        "_hash = n._hash, _fetch_seq = $2, _synced_at = now(), _deleted_at = NULL",
      ]
    : ["_hash = NULL, _fetch_seq = $2"];
  const values = [written ? page : "[{}]", end, row.id];
  if (row.id === localId || !locked.has(localId)) {
    await tx.unsafe(updateStatement(target, set), values, { prepare: true });
    return written;
  }
  const keys = await readForeignKeys(tx, target.table);
  const isFree = !locked.has(row.id);
  const own = isFree ? [] : await readOwnColumns(tx, target);
  const given = new Set(written ? Object.keys(columns) : []);
  if (isFree) {
    await tx.unsafe(renameStatement(target, set, { keys, given }), [...values, localId]);
    return written;
  }
  const isStrictly = keys.some((foreign) => isStrict(foreign, target.key));
  const removed = isStrictly ? [await removeProvisional(tx, target, keys, [row.id, localId])] : [];
  await tx.unsafe(mergeStatement(target, set, { keys, given, own, isRemoved: isStrictly }), [
    ...values,
    localId,
    ...removed,
  ]);
  return written;
}

const NEW_VALUES = (table: string) => `json_populate_recordset(NULL::${mirrorTable(table)}, $1::json) AS n`;

function updateStatement({ table, key }: ApplyTarget, set: readonly string[]): string {
  return `UPDATE ${mirrorTable(table)} AS r SET ${set.join(", ")} FROM ${NEW_VALUES(table)}
    WHERE r.${quoteIdentifier(key)} = ${REAL}`;
}

/**
 * Deletes the provisional row before the other one is updated, for foreign keys that would not outlive its deletion: they
 * point at what the other row has meanwhile.
 *
 * @returns the row as PostgreSQL prints it
 * @throws {LaneFailedError} where that has no value which they could point at
 */
async function removeProvisional(
  tx: Tx,
  { table, key }: ApplyTarget,
  keys: readonly ForeignKey[],
  [id, provisional]: [string, string],
): Promise<string> {
  for (const { park, isLeft } of parkStatements(table, keys, key)) {
    await tx.unsafe(park, [id, provisional]);
    if ((await tx.unsafe(isLeft, [id, provisional])).length > 0)
      throw new LaneFailedError(
        "own_reference",
        `rows refer to this one by a column that record ${id} has no value in: give it one, and retry`,
      );
  }
  const [row] = await tx.unsafe<{ row: string }[]>(
    `DELETE FROM ${mirrorTable(table)} AS r WHERE ${quoteIdentifier(key)} = $1 RETURNING r::text AS row`,
    [provisional],
  );
  if (row === undefined) throw new Error("the provisional row is gone although it was locked");
  return row.row;
}

interface References {
  keys: readonly ForeignKey[];
  /** Columns that the answer has. */
  given: ReadonlySet<string>;
}

/** The row gets Attio's id. Foreign keys move in the same statement: only at its end must they point at something. */
function renameStatement(
  { table, key }: ApplyTarget,
  set: readonly string[],
  { keys, given }: References,
): string {
  const now = (column: string) => `r.${quoteIdentifier(column)}`;
  const references = assignments(ownReferences(keys, key, "renamed", now), given);
  return `${withParts(moveParts(moveStatements(keys, key, "renamed")))}
    UPDATE ${mirrorTable(table)} AS r SET ${[`${quoteIdentifier(key)} = ${REAL}`, ...set, ...references].join(", ")}
    FROM ${NEW_VALUES(table)} WHERE r.${quoteIdentifier(key)} = ${PROVISIONAL}`;
}

/**
 * The row becomes one with the row that has Attio's id already, which takes what users wrote into columns of their own and
 * all that referred to the provisional row (design rule 8). The provisional row is deleted before the other is updated, since
 * the latter reads what the former gives: a unique index on such a column finds its value free.
 */
function mergeStatement(
  { table, key }: ApplyTarget,
  set: readonly string[],
  { keys, given, own, isRemoved }: References & { own: readonly string[]; isRemoved: boolean },
): string {
  const [name, column] = [mirrorTable(table), quoteIdentifier(key)];
  const isOwn = new Set(own);
  const now = (one: string) =>
    isOwn.has(one)
      ? `coalesce(gone.${quoteIdentifier(one)}, r.${quoteIdentifier(one)})`
      : `r.${quoteIdentifier(one)}`;
  const values = new Map([
    ...own.map((one): [string, string] => [one, now(one)]),
    ...ownReferences(keys, key, "merged", now),
  ]);
  return `${withParts([
    isRemoved
      ? `gone AS (SELECT (${PROVISIONAL} IS NOT NULL), ($5::text::${name}).*)`
      : `gone AS (DELETE FROM ${name} WHERE ${column} = ${PROVISIONAL} RETURNING *)`,
    `kept AS (SELECT * FROM ${name} WHERE ${column} = ${REAL})`,
    `merged AS (UPDATE ${name} AS r SET ${[...set, ...assignments(values, given)].join(", ")}
      FROM gone, ${NEW_VALUES(table)} WHERE r.${column} = ${REAL} RETURNING r.*)`,
    ...moveParts(moveStatements(keys, key, "merged")),
  ])} SELECT FROM merged`;
}

/** An attribute's column takes what Attio answered, wherever it pointed before. */
function assignments(values: ReadonlyMap<string, string>, given: ReadonlySet<string>): string[] {
  return [...values]
    .filter(([column]) => !given.has(column))
    .map(([column, value]) => `${quoteIdentifier(column)} = ${value}`);
}

function moveParts(moves: readonly string[]): string[] {
  return moves.map((move, place) => `m${String(place)} AS (${move})`);
}

function withParts(parts: readonly string[]): string {
  return parts.length === 0 ? "" : `WITH ${parts.join(", ")}`;
}
