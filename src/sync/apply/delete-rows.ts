import type { Sql, Tx } from "../../db/client.ts";
import { holdStreamAlone } from "../../db/locks.ts";
import { quoteIdentifier } from "../../db/mirror/identifiers.ts";
import { mirrorTable } from "../../db/mirror/sql-names.ts";
import { isDataRefusal, isLockTimeout } from "../../db/pg-errors.ts";
import { markDirty } from "../../db/queries/dirty.ts";
import { readHolds } from "../../db/queries/outbox-holds.ts";
import { setAside } from "../../db/queries/set-aside.ts";
import { drawTicket } from "../../db/queries/tickets.ts";
import { transact } from "../../db/tx.ts";
import { countForCap, exceedsCap } from "../deletion-cap.ts";
import type { DeleteMode } from "../deps.ts";
import { endHistory } from "./history.ts";
import type { ApplyTarget } from "./target.ts";

export interface Deletion {
  ids: readonly string[];
  /** The ticket drawn before the request whose answer said that they are gone. */
  begin: number;
  mode: DeleteMode;
  /** Whether Attio announced them, or they were found missing. */
  announced: boolean;
  /** Whether we deleted them: a row that was inserted here under the same id stays, and what Attio had is buried all the same. */
  ours?: boolean;
  /**
   * Asks the cap under the stream's lock, for callers that find deletions a few at a time: two that asked it before
   * could each find room for their own, and together delete too much (design rule 16).
   */
  capped?: boolean;
}

/** How long a deletion may wait for locks that a user holds on rows of their own that refer to it. */
const LOCK_TIMEOUT = "500ms";

/**
 * Deletes rows that Attio no longer has and leaves tombstones, which stop older pages from bringing them back.
 *
 * The stream's lock is held alone: an apply under way has looked for tombstones already and could insert what is
 * being deleted. A row that was fetched after `begin` is left alone. A row that a user's own foreign key holds is
 * kept, with `_deleted_at` and a visible reason; one that a user has locked is marked dirty, since waiting for it
 * would hold up the whole stream (design rule 7).
 *
 * @returns how many rows are gone now that were there before
 */
export async function deleteRows(
  sql: Sql,
  target: Pick<ApplyTarget, "stream" | "table" | "key">,
  asked: Deletion,
): Promise<number> {
  if (asked.ids.length === 0) return 0;
  return transact(sql, async (tx) => {
    await holdStreamAlone(tx, target.stream);
    // That Attio does not know the provisional id of a row that was inserted here says nothing.
    const holds = await readHolds(tx, target.stream, asked.ids);
    const inserted = asked.ids.filter((id) => holds.get(id)?.inserted === true);
    const deletion = { ...asked, ids: asked.ids.filter((id) => !inserted.includes(id)) };
    await tx`SELECT set_config('lock_timeout', ${LOCK_TIMEOUT}, true)`;
    const end = await drawTicket(tx);
    const present = await lockOlder(tx, target, deletion);
    if (deletion.capped === true && (await isOverCap(tx, target, deletion))) {
      await holdBack(tx, target.stream, deletion.ids);
      return 0;
    }
    const { newer, busy } = await findOthers(tx, target, deletion, present);
    let gone = 0;
    for (const id of present) {
      const removal = await removeRow(tx, target, id, deletion.mode, end);
      if (removal === "gone") gone += 1;
      if (removal === "busy") busy.push(id);
    }
    await markDirty(tx, target.stream, busy, "locked during deletion");
    const alive = new Set([...newer, ...busy]);
    const buried = deletion.ids.filter((id) => !alive.has(id));
    if (asked.ours === true) buried.push(...inserted);
    await bury(tx, target.stream, buried, end, deletion.announced);
    await endHistory(tx, target.stream, buried);
    await tx`DELETE FROM attio.raw WHERE stream = ${target.stream} AND id = ANY(${buried}::uuid[])`;
    return gone;
  });
}

async function isOverCap(tx: Tx, target: Table, { ids }: Deletion): Promise<boolean> {
  const { recent, held } = await countForCap(tx, target);
  return exceedsCap(ids.length, recent, held);
}

async function holdBack(tx: Tx, stream: string, ids: readonly string[]): Promise<void> {
  const reason = "too many deletions without an event";
  await setAside(
    tx,
    stream,
    ids.map((id) => ({ id, code: "deletion_held_back", reason })),
  );
}

type Table = Pick<ApplyTarget, "stream" | "table" | "key">;

async function lockOlder(tx: Tx, { table, key }: Table, { ids, begin }: Deletion): Promise<string[]> {
  const name = quoteIdentifier(key);
  const rows = await tx.unsafe<{ id: string }[]>(
    `SELECT ${name} AS id FROM ${mirrorTable(table)}
     WHERE ${name} = ANY($1::uuid[]) AND _fetch_seq < $2 AND _deleted_at IS NULL
     ORDER BY ${name} FOR UPDATE SKIP LOCKED`,
    [[...ids], begin],
  );
  return rows.map((row) => row.id);
}

/** Rows that are not to be deleted now: fetched since, or locked by somebody. */
async function findOthers(
  tx: Tx,
  { table, key }: Table,
  { ids, begin }: Deletion,
  locked: readonly string[],
): Promise<{ newer: string[]; busy: string[] }> {
  const name = quoteIdentifier(key);
  const rows = await tx.unsafe<{ id: string; isNewer: boolean }[]>(
    `SELECT ${name} AS id, _fetch_seq >= $2 AS "isNewer" FROM ${mirrorTable(table)}
     WHERE ${name} = ANY($1::uuid[]) AND NOT ${name} = ANY($3::uuid[])
       AND (_fetch_seq >= $2 OR _deleted_at IS NULL)`,
    [[...ids], begin, [...locked]],
  );
  const idsWhere = (isNewer: boolean) => rows.filter((row) => row.isNewer === isNewer).map((row) => row.id);
  return { newer: idsWhere(true), busy: idsWhere(false) };
}

/** Deletes one row as the mode of deletion has it; the stream's lock is held. A row that a user's own foreign key holds is kept and marked. */
export async function removeRow(
  tx: Tx,
  target: Table,
  id: string,
  mode: DeleteMode,
  end: number,
): Promise<"gone" | "kept" | "busy"> {
  if (mode === "soft") {
    await markDeleted(tx, target, id, end);
    return "gone";
  }
  const { table, key } = target;
  try {
    await tx.savepoint((inner) =>
      inner.unsafe(`DELETE FROM ${mirrorTable(table)} WHERE ${quoteIdentifier(key)} = $1`, [id]),
    );
    return "gone";
  } catch (error) {
    if (isLockTimeout(error)) return "busy";
    if (!isDataRefusal(error)) throw error;
    await markDeleted(tx, target, id, end);
    const reason = error instanceof Error ? error.message : String(error);
    await setAside(tx, target.stream, [{ id, code: "delete_refused", reason }]);
    return "kept";
  }
}

/** Without its hash the row can never look unchanged, should Attio bring it back. */
async function markDeleted(tx: Tx, { table, key }: Table, id: string, end: number): Promise<void> {
  await tx.unsafe(
    `UPDATE ${mirrorTable(table)} SET _deleted_at = now(), _hash = NULL, _fetch_seq = $2
     WHERE ${quoteIdentifier(key)} = $1`,
    [id, end],
  );
}

async function bury(
  tx: Tx,
  stream: string,
  ids: readonly string[],
  end: number,
  announced: boolean,
): Promise<void> {
  await tx`
    INSERT INTO attio_sync.tombstones (stream, id, fetch_seq, announced)
    SELECT ${stream}, id, ${end}, ${announced} FROM unnest(${ids as string[]}::uuid[]) AS id ORDER BY id
    ON CONFLICT (stream, id) DO UPDATE
      SET fetch_seq = excluded.fetch_seq, announced = excluded.announced, deleted_at = now()`;
}
