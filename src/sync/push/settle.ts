import type { Sql, Tx } from "../../db/client.ts";
import type { Cells } from "../../db/control/index.ts";
import { quoteIdentifier } from "../../db/mirror/identifiers.ts";
import { mirrorTable } from "../../db/mirror/sql-names.ts";
import { upsertStatement } from "../../db/mirror/upsert.ts";
import { ring, type Doorbell } from "../../db/queries/dirty.ts";
import { endChanges, type Lane } from "../../db/queries/outbox.ts";
import { dropOutrun } from "../../db/queries/outbox-merges.ts";
import { readHolds } from "../../db/queries/outbox-holds.ts";
import { drawTicket } from "../../db/queries/tickets.ts";
import { transact } from "../../db/tx.ts";
import { writeHistory, type ValueChange } from "../apply/history.ts";
import { rowsPage } from "../apply/pages.ts";
import { holdPlan } from "../apply/plan-lock.ts";
import type { ApplyTarget } from "../apply/target.ts";
import { otherSides } from "../live/other-sides.ts";
import type { MappedRow } from "../mapping/row.ts";
import { ClaimLostError } from "./lane-errors.ts";

/** Attio's answer to a push. */
export interface Answer {
  row: MappedRow;
  target: ApplyTarget;
  /** The ticket drawn before the request was sent. */
  begin: number;
  /** What the push changed, for the history. */
  changes: readonly ValueChange[];
  /** What has to be looked at because of it. */
  doorbells: readonly Doorbell[];
}

const LOCK_TIMEOUT = "500ms";

/**
 * Ends a push: the changes are marked, the row takes Attio's answer but for what was changed here since, and its ticket
 * is raised above the answer, in one transaction. Nobody ever reads the row as it was before the change.
 *
 * @throws {PlanChangedError} when the answer was mapped by an older plan
 * @throws {ClaimLostError} when the changes are no longer ours
 */
export async function settle(sql: Sql, lane: Lane, answer: Answer): Promise<void> {
  const { row, target } = answer;
  await transact(sql, async (tx) => {
    // Waiting for a row that a user has locked would hold up the whole stream, whose lock is held meanwhile.
    await tx`SELECT set_config('lock_timeout', ${LOCK_TIMEOUT}, true)`;
    await holdPlan(tx, target);
    if (row.id !== lane.recordId) await adoptId(tx, target, lane, row.id);
    if (!(await endChanges(tx, lane.changes, "pushed"))) throw new ClaimLostError();
    await lockRow(tx, target, row.id);
    const hold = (await readHolds(tx, target.stream, [row.id])).get(row.id);
    const mayWrite = hold?.deleted !== true && !(await isBuried(tx, answer));
    const written = mayWrite && (await writeAnswer(tx, answer, hold?.cells ?? {}));
    const end = await drawTicket(tx);
    await tx.unsafe(
      `UPDATE ${mirrorTable(target.table)} SET _fetch_seq = $2${written ? "" : ", _hash = NULL"}
       WHERE ${quoteIdentifier(target.key)} = $1`,
      [row.id, end],
    );
    // A later change was made to a value that Attio may have written otherwise.
    await rebase(tx, target, row);
    await writeHistory(
      tx,
      target.stream,
      answer.changes.filter(({ old }) => old !== null || row.id === lane.recordId),
      new Map([[row.id, row]]),
      () => false,
    );
    const own = { stream: target.stream, id: row.id, reason: "changed during push" };
    await ring(tx, [
      ...(!written && hold?.deleted !== true ? [own] : []),
      ...answer.doorbells,
      ...(await otherSides(tx, target, answer.changes)),
    ]);
  });
}

async function lockRow(tx: Tx, { table, key }: ApplyTarget, id: string): Promise<void> {
  await tx.unsafe(`SELECT FROM ${mirrorTable(table)} WHERE ${quoteIdentifier(key)} = $1 FOR UPDATE`, [id]);
}

/**
 * Whether Attio deleted the record after the request was sent: its answer must not bring the row back (design rule 1). Under
 * the stream's lock no deletion is under way.
 */
async function isBuried(tx: Tx, { row, target, begin }: Answer): Promise<boolean> {
  const tombstones = await tx`
    SELECT FROM attio_sync.tombstones
    WHERE stream = ${target.stream} AND id = ${row.id} AND fetch_seq >= ${begin}`;
  return tombstones.length > 0;
}

/** False where somebody fetched the row after the request was sent: what they have may be newer. */
async function writeAnswer(tx: Tx, { row, target, begin }: Answer, held: Cells): Promise<boolean> {
  const columns = Object.fromEntries(
    Object.entries(row.columns).map(([column, value]) => [column, column in held ? held[column] : value]),
  );
  const statement = upsertStatement({ table: target.table, key: target.key, columns: Object.keys(columns) });
  const done = await tx.unsafe(
    statement,
    [rowsPage(target.key, [{ ...row, columns }]), await drawTicket(tx), begin],
    { prepare: true },
  );
  return done.length > 0;
}

async function rebase(tx: Tx, { table, stream }: ApplyTarget, row: MappedRow): Promise<void> {
  await tx.unsafe(
    `UPDATE attio_sync.outbox o SET base = o.base || (
       SELECT coalesce(jsonb_object_agg(e.key, e.value), '{}') FROM jsonb_each(to_jsonb(r)) e WHERE o.base ? e.key)
     FROM json_populate_record(NULL::${mirrorTable(table)}, $3::json) r
     WHERE o.record_id = $1 AND o.stream = $2 AND o.operation = 'update' AND o.status = 'pending'`,
    [row.id, stream, JSON.stringify(row.columns)],
  );
}

/**
 * Gives a row that was inserted here the id that Attio gave it: the user's own foreign keys follow. Attio's row may be
 * here already, because its event was quicker or because the insert named what existed; then the keys are moved to it
 * and the provisional row goes (design rule 8).
 */
async function adoptId(tx: Tx, target: ApplyTarget, lane: Lane, id: string): Promise<void> {
  const { stream, table, key } = target;
  const [name, column] = [mirrorTable(table), quoteIdentifier(key)];
  const provisional = lane.recordId;
  // Nobody can begin to refer to a row that is locked.
  const locked = await tx.unsafe<{ id: string }[]>(
    `SELECT ${column} AS id FROM ${name} WHERE ${column} IN ($1, $2) ORDER BY 1 FOR UPDATE`,
    [provisional, id],
  );
  const isPresent = locked.some((row) => row.id === id);
  const moves = await moveStatements(tx, target, { cascading: isPresent });
  if (isPresent) {
    for (const move of moves) await tx.unsafe(move, [provisional, id]);
    await tx.unsafe(`DELETE FROM ${name} WHERE ${column} = $1`, [provisional]);
  } else {
    // Keys that do not follow are moved by the same statement: only at its end must they point at something.
    const parts = moves.map((move, place) => `m${String(place)} AS (${move})`);
    const head = parts.length === 0 ? "" : `WITH ${parts.join(", ")} `;
    await tx.unsafe(`${head}UPDATE ${name} SET ${column} = $2 WHERE ${column} = $1`, [provisional, id]);
  }
  await tx`
    UPDATE attio_sync.outbox SET record_id = ${id} WHERE record_id = ${provisional} AND stream = ${stream}`;
  await tx`
    UPDATE attio_sync.conflicts SET record_id = ${id} WHERE record_id = ${provisional} AND stream = ${stream}`;
  if (isPresent) await dropOutrun(tx, [id]);
  await tx`
    INSERT INTO attio.id_map (provisional_id, record_id, object) VALUES (${provisional}, ${id}, ${stream})
    ON CONFLICT (provisional_id) DO UPDATE SET record_id = excluded.record_id`;
}

/**
 * Statements that make the foreign keys of users' tables point at $2 instead of $1, one for each table.
 *
 * @param cascading whether those are among them that are ON UPDATE CASCADE
 */
async function moveStatements(
  tx: Tx,
  { table, key }: ApplyTarget,
  { cascading }: { cascading: boolean },
): Promise<string[]> {
  const tables = await tx<{ from: string; columns: string[] }[]>`
    SELECT c.conrelid::regclass::text AS from, array_agg(DISTINCT quote_ident(a.attname)::text) AS columns
    FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    JOIN pg_attribute k ON k.attrelid = c.confrelid AND k.attnum = c.confkey[1]
    WHERE c.contype = 'f' AND c.confrelid = ${mirrorTable(table)}::regclass AND cardinality(c.conkey) = 1
      AND k.attname = ${key} AND c.conparentid = 0 AND (${cascading} OR c.confupdtype <> 'c')
    GROUP BY c.conrelid`;
  return tables.map(({ from, columns }) => {
    const set = columns.map((fk) => `${fk} = CASE WHEN ${fk} = $1::uuid THEN $2::uuid ELSE ${fk} END`);
    return `UPDATE ${from} SET ${set.join(", ")} WHERE $1::uuid IN (${columns.join(", ")})`;
  });
}
