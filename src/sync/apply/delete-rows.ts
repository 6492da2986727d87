import type { Sql, Tx } from "../../db/client.ts";
import { lockExclusive, streamLock } from "../../db/locks.ts";
import { quoteIdentifier } from "../../db/mirror/identifiers.ts";
import { mirrorTable } from "../../db/mirror/sql-names.ts";
import { isDataRefusal } from "../../db/pg-errors.ts";
import { setAside } from "../../db/queries/set-aside.ts";
import { drawTicket } from "../../db/queries/tickets.ts";
import { transact } from "../../db/tx.ts";
import type { DeleteMode } from "../deps.ts";
import type { ApplyTarget } from "./target.ts";

export interface Deletion {
  ids: readonly string[];
  /** The ticket drawn before the request whose answer said that they are gone. */
  begin: number;
  mode: DeleteMode;
  /** Whether Attio announced them, or they were found missing. */
  announced: boolean;
}

/**
 * Deletes rows that Attio no longer has and leaves tombstones, which stop older pages from bringing them back.
 *
 * The stream's lock is held alone: an apply under way has looked for tombstones already and could insert what is
 * being deleted. A row that was fetched after `begin` is left alone. A row that a user's own foreign key holds is
 * kept, with `_deleted_at` and a visible reason (design rule 7).
 *
 * @returns how many rows are gone now that were there before
 */
export async function deleteRows(
  sql: Sql,
  target: Pick<ApplyTarget, "stream" | "table" | "key">,
  deletion: Deletion,
): Promise<number> {
  if (deletion.ids.length === 0) return 0;
  return transact(sql, async (tx) => {
    await lockExclusive(tx, streamLock(target.stream));
    const end = await drawTicket(tx);
    const present = await lockOlder(tx, target, deletion);
    const newer = await findNewer(tx, target, deletion);
    let gone = 0;
    for (const id of present) gone += await removeOne(tx, target, id, deletion.mode, end);
    const buried = deletion.ids.filter((id) => !newer.has(id));
    await bury(tx, target.stream, buried, end, deletion.announced);
    await tx`DELETE FROM attio.raw WHERE stream = ${target.stream} AND id = ANY(${buried}::uuid[])`;
    return gone;
  });
}

type Table = Pick<ApplyTarget, "stream" | "table" | "key">;

async function lockOlder(tx: Tx, { table, key }: Table, { ids, begin }: Deletion): Promise<string[]> {
  const name = quoteIdentifier(key);
  const rows = await tx.unsafe<{ id: string }[]>(
    `SELECT ${name} AS id FROM ${mirrorTable(table)}
     WHERE ${name} = ANY($1::uuid[]) AND _fetch_seq < $2 AND _deleted_at IS NULL ORDER BY ${name} FOR UPDATE`,
    [[...ids], begin],
  );
  return rows.map((row) => row.id);
}

async function findNewer(tx: Tx, { table, key }: Table, { ids, begin }: Deletion): Promise<Set<string>> {
  const name = quoteIdentifier(key);
  const rows = await tx.unsafe<{ id: string }[]>(
    `SELECT ${name} AS id FROM ${mirrorTable(table)} WHERE ${name} = ANY($1::uuid[]) AND _fetch_seq >= $2`,
    [[...ids], begin],
  );
  return new Set(rows.map((row) => row.id));
}

async function removeOne(tx: Tx, target: Table, id: string, mode: DeleteMode, end: number): Promise<number> {
  if (mode === "soft") {
    await markDeleted(tx, target, id, end);
    return 1;
  }
  const { table, key } = target;
  try {
    await tx.savepoint((inner) =>
      inner.unsafe(`DELETE FROM ${mirrorTable(table)} WHERE ${quoteIdentifier(key)} = $1`, [id]),
    );
    return 1;
  } catch (error) {
    if (!isDataRefusal(error)) throw error;
    await markDeleted(tx, target, id, end);
    const reason = error instanceof Error ? error.message : String(error);
    await setAside(tx, target.stream, [{ id, code: "delete_refused", reason }]);
    return 0;
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
