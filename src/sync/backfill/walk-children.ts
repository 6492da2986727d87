import { AttioMergeInProgressError, AttioNotFoundError, type RequestOptions } from "../../attio/index.ts";
import type { Sql } from "../../db/client.ts";
import { quoteIdentifier } from "../../db/mirror/identifiers.ts";
import { mirrorTable } from "../../db/mirror/sql-names.ts";
import { addMissing, addPart, loadParts, saveCheckpoint } from "../../db/queries/runs.ts";
import { drawTicket } from "../../db/queries/tickets.ts";
import { transact } from "../../db/tx.ts";
import { applyRows } from "../apply/apply-rows.ts";
import { FIXED_TARGETS } from "../fetch/fixed-sources.ts";
import type { FixedTable } from "../fetch/fixed-sources.ts";
import type { MappedRow } from "../mapping/row.ts";
import { CHILD_STREAMS } from "./child-streams.ts";
import type { ChildRows, ChildStream, ParentTable } from "./child-streams.ts";
import { requestOptions } from "./run-context.ts";
import type { RunContext } from "./run-context.ts";

/** Parents whose children are written together: several times as many as the client asks for at a time. */
const BATCH = 120;

/** One worker crawls, so there is one checkpoint. */
const PART = 1;

/** How far the crawl is: in which of the parents' tables, and behind which parent. */
interface CrawlCursor {
  table: string | null;
  after: string | null;
}

/**
 * Crawls what Attio lists only at each parent: a request for every record, entry or meeting that the mirror holds, in
 * the order of their ids. A parent's listing is complete in itself, so what the mirror has beyond it is missing.
 */
export async function walkChildren(context: RunContext, stream: keyof typeof CHILD_STREAMS): Promise<void> {
  const { deps, run } = context;
  const child = CHILD_STREAMS[stream];
  const [part] = await loadParts<CrawlCursor>(deps.db.sql, run.id);
  if (part === undefined) await addPart(deps.db.sql, run.id, PART, { table: null, after: null });
  if (part?.done === true) return;

  let { table, after } = part?.cursor ?? { table: null, after: null };
  for (const parents of await child.parents(deps.db.sql)) {
    if (table !== null && parents.id < table) continue;
    if (parents.id !== table) after = null;
    table = parents.id;
    for (;;) {
      const ids = await nextParents(deps.db.sql, parents, after);
      const last = ids.at(-1);
      if (last === undefined) break;
      await crawlBatch(context, child, parents, ids);
      after = last;
    }
  }
  await noteOrphans(context, child);
}

async function nextParents(sql: Sql, { table, key }: ParentTable, after: string | null): Promise<string[]> {
  const name = quoteIdentifier(key);
  const rows = await sql.unsafe<{ id: string }[]>(
    `SELECT ${name} AS id FROM ${mirrorTable(table)}
     WHERE ($1::uuid IS NULL OR ${name} > $1) AND _deleted_at IS NULL ORDER BY ${name} LIMIT ${BATCH}`,
    [after],
    { prepare: true },
  );
  return rows.map((row) => row.id);
}

async function crawlBatch(
  context: RunContext,
  child: ChildStream,
  parents: ParentTable,
  ids: readonly string[],
): Promise<void> {
  const { deps, run, holder } = context;
  // Drawn once, before the first request of the batch: older than need be, which errs on the safe side.
  const begin = await drawTicket(deps.db.sql);
  let requests = 0;
  const options: RequestOptions = {
    ...requestOptions(context),
    onSend: () => {
      requests += 1;
    },
  };
  const read = await Promise.all(ids.map((id) => readParent(deps.client, child, parents, id, options)));
  const shown = mergeRows(child, read);
  const readable = ids.filter((_id, index) => read[index] !== undefined);

  const [main, ...companions] = child.tables;
  if (main === undefined) return;
  for (const table of companions) {
    await applyRows(deps.db.sql, FIXED_TARGETS[table], { rows: shown.get(table) ?? [], begin });
  }
  const rows = shown.get(main) ?? [];
  await applyRows(deps.db.sql, FIXED_TARGETS[main], { rows, begin }, async (tx, counts) => {
    for (const table of child.tables) {
      const { key, stream } = FIXED_TARGETS[table];
      const missing = await tx.unsafe<{ id: string }[]>(
        `SELECT ${quoteIdentifier(key)} AS id FROM ${mirrorTable(table)}
         WHERE ${parents.hangsOn} AND _fetch_seq < $2 AND _deleted_at IS NULL
           AND NOT ${quoteIdentifier(key)} = ANY($3::uuid[])`,
        [[...readable], begin, (shown.get(table) ?? []).map((row) => row.id)],
        { prepare: true },
      );
      await addMissing(
        tx,
        run.id,
        stream,
        missing.map((row) => row.id),
      );
    }
    await saveCheckpoint(tx, run, holder, {
      part: PART,
      cursor: { table: parents.id, after: ids.at(-1) ?? null },
      done: false,
      rows: rows.length,
      written: counts.written,
      unchanged: counts.unchanged,
      requests,
      droppedCharacters: rows.reduce((sum, row) => sum + row.droppedCharacters, 0),
    });
  });
  context.onRows(rows.length);
}

/** What hangs on one parent; undefined when Attio does not have (or show) the parent: then its absence says nothing. */
async function readParent(
  client: RunContext["deps"]["client"],
  child: ChildStream,
  parents: ParentTable,
  id: string,
  options: RequestOptions,
): Promise<ChildRows | undefined> {
  try {
    return await child.read(client, parents, id, options);
  } catch (error) {
    if (error instanceof AttioNotFoundError || error instanceof AttioMergeInProgressError) return undefined;
    throw error;
  }
}

function mergeRows(
  child: ChildStream,
  read: readonly (ChildRows | undefined)[],
): Map<FixedTable, MappedRow[]> {
  const merged = new Map<FixedTable, MappedRow[]>(child.tables.map((table) => [table, []]));
  for (const rows of read) {
    for (const table of child.tables) merged.get(table)?.push(...(rows?.[table] ?? []));
  }
  return merged;
}

/** Rows whose parent is no longer in the mirror are on nobody's listing; they too are looked up one by one. */
async function noteOrphans(context: RunContext, child: ChildStream): Promise<void> {
  const { deps, run, holder } = context;
  await transact(deps.db.sql, async (tx) => {
    for (const table of child.tables) {
      const { key, stream } = FIXED_TARGETS[table];
      const orphans = await tx.unsafe<{ id: string }[]>(
        `SELECT ${quoteIdentifier(key)} AS id FROM ${mirrorTable(table)} child
         WHERE _fetch_seq < $1 AND _deleted_at IS NULL AND ${child.orphaned}`,
        [run.firstTicket],
      );
      await addMissing(
        tx,
        run.id,
        stream,
        orphans.map((row) => row.id),
      );
    }
    await saveCheckpoint(tx, run, holder, {
      part: PART,
      cursor: { table: null, after: null },
      done: true,
      rows: 0,
      written: 0,
      unchanged: 0,
      requests: 0,
      droppedCharacters: 0,
    });
  });
}
