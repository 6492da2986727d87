import { AttioMergeInProgressError, AttioNotFoundError } from "../../attio/index.ts";
import type { Sql } from "../../db/client.ts";
import { quoteIdentifier } from "../../db/mirror/identifiers.ts";
import { mirrorTable } from "../../db/mirror/sql-names.ts";
import { setAside } from "../../db/queries/set-aside.ts";
import { drawTicket } from "../../db/queries/tickets.ts";
import { applyRows } from "../apply/apply-rows.ts";
import { deleteRows } from "../apply/delete-rows.ts";
import type { ApplyTarget } from "../apply/target.ts";
import type { FetchedRowsOf, RowSource } from "../fetch/row-source.ts";
import type { Ticketed } from "../fetch/ticketed.ts";
import { splitRows } from "../fetch/split-rows.ts";
import { bulkOptions } from "../walk/bulk.ts";
import type { RunContext } from "./run-context.ts";

/** Ids in one `$in` (no limit is documented; this is what is known to work). */
const LOOKUP_SIZE = 100;

export interface Confirmation {
  deleted: number;
  /** Rows that the listing left out although Attio has them. */
  found: number;
  requests: number;
}

/** Looks every missing id up and deletes those that Attio says it does not have; the others are applied as they are. */
export async function confirmMissing(
  context: RunContext,
  target: ApplyTarget,
  source: RowSource,
  missing: readonly string[],
): Promise<Confirmation> {
  const result: Confirmation = { deleted: 0, found: 0, requests: 0 };
  for (let start = 0; start < missing.length; start += LOOKUP_SIZE) {
    const ids = await stillHeld(context.deps.db.sql, target, missing.slice(start, start + LOOKUP_SIZE));
    const rest = await lookUpMany(context, source, ids, result);
    const gone = await lookUpEach(context, source, rest, result);
    if (gone.ids.length === 0) continue;
    result.deleted += await deleteRows(context.deps.db.sql, target, {
      ...gone,
      mode: context.deps.deleteMode,
      announced: false,
    });
  }
  return result;
}

/** Somebody may have deleted them since they were missed. */
async function stillHeld(sql: Sql, { table, key }: ApplyTarget, ids: readonly string[]): Promise<string[]> {
  const name = quoteIdentifier(key);
  const rows = await sql.unsafe<{ id: string }[]>(
    `SELECT ${name} AS id FROM ${mirrorTable(table)} WHERE ${name} = ANY($1::uuid[]) AND _deleted_at IS NULL`,
    [[...ids]],
  );
  return rows.map((row) => row.id);
}

async function lookUpMany(
  context: RunContext,
  source: RowSource,
  ids: readonly string[],
  result: Confirmation,
): Promise<string[]> {
  if (source.fetchMany === undefined || ids.length === 0) return [...ids];
  const fetched = await source.fetchMany(ids, bulkOptions(context.signal));
  const found = await applyFound(context, fetched, result);
  return ids.filter((id) => !found.has(id));
}

async function lookUpEach(
  context: RunContext,
  source: RowSource,
  ids: readonly string[],
  result: Confirmation,
): Promise<{ ids: string[]; begin: number }> {
  const gone: string[] = [];
  // One ticket for all of them, drawn before the first is asked about: older than need be, which is the safe side.
  const begin = await drawTicket(context.deps.db.sql);
  for (const id of ids) {
    try {
      await applyFound(context, await source.fetchOne(id, bulkOptions(context.signal)), result);
    } catch (error) {
      result.requests += 1;
      // A record that is being merged is neither there nor gone: the next run sees what became of it.
      if (error instanceof AttioMergeInProgressError) continue;
      if (!(error instanceof AttioNotFoundError)) throw error;
      gone.push(id);
    }
  }
  return { ids: gone, begin };
}

async function applyFound(
  context: RunContext,
  { value, begin, requests }: Ticketed<FetchedRowsOf>,
  result: Confirmation,
): Promise<Set<string>> {
  const { rows, unreadable } = splitRows(value.rows);
  await applyRows(context.deps.db.sql, value.target, { rows, begin, mode: "look" }, (tx) =>
    setAside(tx, value.target.stream, unreadable),
  );
  result.found += value.rows.length;
  result.requests += requests;
  return new Set(value.rows.map((row) => row.id));
}
