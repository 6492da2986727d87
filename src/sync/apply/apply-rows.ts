import type { Sql, Tx } from "../../db/client.ts";
import { quoteIdentifier } from "../../db/mirror/identifiers.ts";
import { mirrorTable } from "../../db/mirror/sql-names.ts";
import { upsertStatement } from "../../db/mirror/upsert.ts";
import { isDataRefusal } from "../../db/pg-errors.ts";
import { markDirty } from "../../db/queries/dirty.ts";
import { clearSetAside, setAside } from "../../db/queries/set-aside.ts";
import { readHolds, type Hold } from "../../db/queries/outbox-holds.ts";
import { drawTicket } from "../../db/queries/tickets.ts";
import { transact } from "../../db/tx.ts";
import type { MappedRow } from "../mapping/row.ts";
import { copyNew } from "./copy-new.ts";
import { decide } from "./decide.ts";
import type { Held } from "./decide.ts";
import { findChanges, writeHistory } from "./history.ts";
import type { ValueChange } from "./history.ts";
import { groupByColumns, rawPage, rowsPage, uniqueById } from "./pages.ts";
import { holdPlan } from "./plan-lock.ts";
import type { ApplyTarget } from "./target.ts";

export interface FetchedRows {
  rows: readonly MappedRow[];
  /** The ticket drawn before the request was sent. */
  begin: number;
  /**
   * A page of a backfill leaves an equal row alone; a look at single rows (hydrate, confirmation) notes on it that it
   * was read, or an older fetch could still change it to what it was before and back (design rule 2). Default: a page.
   */
  mode?: "page" | "look";
  /** Whether values between the old and the new may have been missed, given how many changed; default: they may. */
  mayHaveGaps?: (id: string, changed: number) => boolean;
}

export interface ApplyCounts {
  written: number;
  unchanged: number;
  /** Left alone and marked dirty, or older than a deletion. */
  deferred: number;
  /** Refused by PostgreSQL and set aside. */
  refused: number;
  /** Attribute values that changed in rows which were there before. */
  changes: readonly ValueChange[];
  /** Ids of rows that turned out to be equal; only of a look. */
  equal: readonly string[];
}

/** Seconds before a row that was locked or just changed is fetched again: whoever has it is given time to finish. */
const REFETCH_DELAY = 0.5;

/** Work to be committed together with the rows: checkpoints, candidates for deletion. */
export type WithRows = (tx: Tx, counts: ApplyCounts) => Promise<void>;

const NOTHING: ApplyCounts = { written: 0, unchanged: 0, deferred: 0, refused: 0, changes: [], equal: [] };

/**
 * Writes a page of fetched rows in one transaction, together with what `withRows` adds to it. Unchanged rows are
 * neither written nor locked. A page that PostgreSQL refuses is halved until the bad row stands alone, which is set
 * aside with its reason; then `withRows` is committed after the others.
 *
 * @throws {PlanChangedError} when the rows were mapped by an older plan
 */
export async function applyRows(
  sql: Sql,
  target: ApplyTarget,
  fetched: FetchedRows,
  withRows: WithRows = () => Promise.resolve(),
): Promise<ApplyCounts> {
  const rows = uniqueById(fetched.rows);
  try {
    return await transact(sql, async (tx) => {
      const counts = await writeRows(tx, target, { ...fetched, rows });
      await withRows(tx, counts);
      return counts;
    });
  } catch (error) {
    if (!isDataRefusal(error) || rows.length === 0) throw error;
    const counts = await applyHalves(sql, target, { ...fetched, rows }, error);
    await transact(sql, (tx) => withRows(tx, counts));
    return counts;
  }
}

async function applyHalves(
  sql: Sql,
  target: ApplyTarget,
  fetched: FetchedRows,
  refusal: unknown,
): Promise<ApplyCounts> {
  const { rows } = fetched;
  const [only] = rows;
  if (rows.length === 1 && only !== undefined) {
    await setAside(sql, target.stream, [{ id: only.id, code: "row_refused", reason: reasonOf(refusal) }]);
    return { ...NOTHING, refused: 1 };
  }
  const middle = Math.ceil(rows.length / 2);
  let counts = NOTHING;
  for (const half of [rows.slice(0, middle), rows.slice(middle)]) {
    counts = addCounts(counts, await applyRows(sql, target, { ...fetched, rows: half }));
  }
  return counts;
}

/** PostgreSQL's own sentence; its detail would quote the customer's values. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The apply itself. Rows come with distinct ids. */
async function writeRows(tx: Tx, target: ApplyTarget, fetched: FetchedRows): Promise<ApplyCounts> {
  const { rows, begin, mode = "page" } = fetched;
  await holdPlan(tx, target);

  const stored = await readHashes(tx, target, idsOf(rows));
  const looked = rows
    .filter((row) => mode === "look" || stored.get(row.id)?.hash !== row.hash)
    .toSorted(byId);
  const counts = { ...NOTHING, unchanged: rows.length - looked.length };
  if (looked.length === 0) return counts;

  const held = await lockAndRead(tx, target, idsOf(looked), stored);
  // Read after the locks: a user who held one may have changed the row meanwhile.
  const holds = await readHolds(tx, target.stream, idsOf(looked));
  const toWrite: MappedRow[] = [];
  const equal: string[] = [];
  const toRefetch: string[] = [];
  for (const row of looked) {
    const hold = holds.get(row.id);
    const decision =
      hold?.deleted === true ? "ignore" : decide(row, begin, held.get(row.id) ?? { kind: "nothing" });
    if (decision === "write") toWrite.push(hold === undefined ? row : withHeld(row, hold));
    else if (decision === "unchanged") equal.push(row.id);
    else counts.deferred += 1;
    if (decision === "refetch") toRefetch.push(row.id);
  }
  if (mode === "look") await raiseTickets(tx, target, equal, begin);
  const { written, changes } = await upsert(tx, target, { ...fetched, rows: toWrite }, held);
  for (const { id } of toWrite) if (!written.has(id)) toRefetch.push(id);
  await markDirty(tx, target.stream, toRefetch, "changed during fetch", { delay: REFETCH_DELAY });
  return {
    ...counts,
    written: written.size,
    unchanged: counts.unchanged + equal.length,
    deferred: counts.deferred + toWrite.length - written.size,
    changes,
    equal,
  };
}

/** What was changed here and is not settled stays as it is (design rule 4). */
function withHeld(row: MappedRow, { cells }: Hold): MappedRow {
  const columns = { ...row.columns };
  for (const column in cells) if (column in columns) columns[column] = cells[column];
  return { ...row, columns };
}

/** Lets equal rows, which are locked, remember that they were looked at. */
async function raiseTickets(
  tx: Tx,
  target: ApplyTarget,
  ids: readonly string[],
  begin: number,
): Promise<void> {
  if (ids.length === 0) return;
  await tx.unsafe(
    `UPDATE ${mirrorTable(target.table)} SET _fetch_seq = $2
     WHERE ${quoteIdentifier(target.key)} = ANY($1::uuid[]) AND _fetch_seq < $3`,
    [[...ids], await drawTicket(tx), begin],
    { prepare: true },
  );
}

/** One statement, or a copy, for each set of columns that rows have; nearly always one for the whole page. */
async function upsert(
  tx: Tx,
  target: ApplyTarget,
  { rows, begin, mayHaveGaps = () => true }: FetchedRows,
  held: ReadonlyMap<string, Held>,
): Promise<{ written: Set<string>; changes: ValueChange[] }> {
  const written = new Set<string>();
  const changes: ValueChange[] = [];
  if (rows.length === 0) return { written, changes };
  const end = await drawTicket(tx);
  for (const all of groupByColumns(rows)) {
    const fresh = all.filter((row) => !held.has(row.id));
    if (await copyNew(tx, target, fresh, end)) for (const { id } of fresh) written.add(id);
    const group = all.filter((row) => !written.has(row.id));
    if (group.length === 0) continue;
    const columns = Object.keys(group[0]?.columns ?? {});
    const statement = upsertStatement({ table: target.table, key: target.key, columns });
    const updates = group.filter((row) => held.get(row.id)?.kind === "row");
    if (updates.length > 0)
      changes.push(...(await findChanges(tx, target, rowsPage(target.key, updates), columns)));
    const done = await tx.unsafe<{ id: string }[]>(statement, [rowsPage(target.key, group), end, begin], {
      prepare: true,
    });
    for (const { id } of done) written.add(id);
  }
  const ids = [...written];
  await tx`DELETE FROM attio_sync.tombstones WHERE stream = ${target.stream} AND id = ANY(${ids}::uuid[])`;
  await clearSetAside(tx, target.stream, ids);
  const kept = changes.filter((change) => written.has(change.id));
  await writeHistory(tx, target.stream, kept, new Map(rows.map((row) => [row.id, row])), mayHaveGaps);
  await writeRaw(
    tx,
    target,
    rows.filter((row) => written.has(row.id)),
  );
  return { written, changes: kept };
}

async function writeRaw(tx: Tx, target: ApplyTarget, rows: readonly MappedRow[]): Promise<void> {
  const page = rawPage(rows);
  if (page === undefined) return;
  await tx`
    INSERT INTO attio.raw (stream, id, values)
    SELECT ${target.stream}, r.id, r.values
    FROM json_to_recordset(${page}::text::json) AS r(id uuid, values jsonb)
    ON CONFLICT (stream, id) DO UPDATE SET values = excluded.values`;
}

interface StoredRow {
  hash: string | null;
  fetchSeq: number;
}

async function readHashes(tx: Tx, target: ApplyTarget, ids: string[]): Promise<Map<string, StoredRow>> {
  const key = quoteIdentifier(target.key);
  const rows = await tx.unsafe<{ id: string; hash: string | null; fetchSeq: number }[]>(
    `SELECT ${key} AS id, _hash AS hash, _fetch_seq AS "fetchSeq"
     FROM ${mirrorTable(target.table)} WHERE ${key} = ANY($1::uuid[])`,
    [ids],
    { prepare: true },
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/**
 * Locks the rows that exist, in the order of their keys, and only then reads what they hold: a statement sees what
 * was committed before it began, and the wait for a lock may have let newer values in (design rule 4).
 */
async function lockAndRead(
  tx: Tx,
  target: ApplyTarget,
  ids: string[],
  seen: ReadonlyMap<string, StoredRow>,
): Promise<Map<string, Held>> {
  const key = quoteIdentifier(target.key);
  const locked = await tx.unsafe<{ id: string }[]>(
    `SELECT ${key} AS id FROM ${mirrorTable(target.table)} WHERE ${key} = ANY($1::uuid[])
     ORDER BY ${key} FOR UPDATE SKIP LOCKED`,
    [ids],
    { prepare: true },
  );
  const lockedIds = new Set(locked.map((row) => row.id));
  const stored = await readHashes(tx, target, ids);
  const tombstones = await tx<{ id: string; fetchSeq: number }[]>`
    SELECT id, fetch_seq AS "fetchSeq" FROM attio_sync.tombstones
    WHERE stream = ${target.stream} AND id = ANY(${ids}::uuid[])`;

  const held = new Map<string, Held>();
  for (const { id, fetchSeq } of tombstones) held.set(id, { kind: "tombstone", fetchSeq });
  for (const id of ids) {
    const row = stored.get(id);
    if (row !== undefined && lockedIds.has(id)) held.set(id, { kind: "row", ...row });
    else if (row !== undefined || seen.has(id)) held.set(id, { kind: "locked" });
  }
  return held;
}

function idsOf(rows: readonly MappedRow[]): string[] {
  return rows.map((row) => row.id);
}

function byId(a: MappedRow, b: MappedRow): number {
  return a.id < b.id ? -1 : 1;
}

/** Sums counts over pages. */
export function addCounts(a: ApplyCounts, b: ApplyCounts): ApplyCounts {
  return {
    written: a.written + b.written,
    unchanged: a.unchanged + b.unchanged,
    deferred: a.deferred + b.deferred,
    refused: a.refused + b.refused,
    changes: [...a.changes, ...b.changes],
    equal: [...a.equal, ...b.equal],
  };
}
