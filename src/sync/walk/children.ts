import {
  AttioMergeInProgressError,
  AttioNotFoundError,
  type AttioClient,
  type RequestOptions,
} from "../../attio/index.ts";
import type { Sql } from "../../db/client.ts";
import { quoteIdentifier } from "../../db/mirror/identifiers.ts";
import { mirrorTable } from "../../db/mirror/sql-names.ts";
import { drawTicket } from "../../db/queries/tickets.ts";
import type { FixedTable } from "../fetch/fixed-sources.ts";
import type { MappedRow } from "../mapping/row.ts";
import { bulkOptions } from "./bulk.ts";
import type { ChildRows, ChildStream, ParentTable } from "./child-streams.ts";

/** Parents whose children are taken together: several times as many as the client asks for at a time. */
const BATCH = 120;

/** How far the crawl is: in which of the parents' tables, and behind which parent. */
export interface CrawlCursor {
  table: string | null;
  after: string | null;
}

/** What hangs on a batch of parents. */
export interface ChildBatch {
  parents: ParentTable;
  /** Those whose listing could be read: it is complete in itself, so what the mirror has beyond it is absent. */
  read: readonly string[];
  /** What those listings showed, by table. */
  shown: ReadonlyMap<FixedTable, readonly MappedRow[]>;
  /** The ticket drawn before the first of the requests. */
  begin: number;
  requests: number;
  /** Where the next batch starts. */
  next: CrawlCursor;
}

/** What is done with the children, and where it is noted how far the crawl is. */
export interface ChildVisitor {
  /** Where an earlier crawl was stopped, if there was one. */
  start?: CrawlCursor;
  take(batch: ChildBatch): Promise<void>;
}

/**
 * Crawls what Attio lists only at each parent: a request for every record, entry or meeting that the mirror holds, in
 * the order of their ids.
 */
export async function walkChildren(
  { client, sql }: { client: AttioClient; sql: Sql },
  child: ChildStream,
  visitor: ChildVisitor,
  signal: AbortSignal,
): Promise<void> {
  let { table, after } = visitor.start ?? { table: null, after: null };
  for (const parents of await child.parents(sql)) {
    if (table !== null && parents.id < table) continue;
    if (parents.id !== table) after = null;
    table = parents.id;
    for (;;) {
      const ids = await nextParents(sql, parents, after);
      const last = ids.at(-1);
      if (last === undefined) break;
      const batch = await readBatch({ client, sql }, child, parents, ids, signal);
      await visitor.take({ ...batch, next: { table, after: last } });
      after = last;
    }
  }
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

async function readBatch(
  { client, sql }: { client: AttioClient; sql: Sql },
  child: ChildStream,
  parents: ParentTable,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Omit<ChildBatch, "next">> {
  // Drawn once, before the first request of the batch: older than need be, which errs on the safe side.
  const begin = await drawTicket(sql);
  let requests = 0;
  const options: RequestOptions = {
    ...bulkOptions(signal),
    onSend: () => {
      requests += 1;
    },
  };
  const rows = await Promise.all(ids.map((id) => readParent(client, child, parents, id, options)));
  const read = ids.filter((_id, index) => rows[index] !== undefined);
  return { parents, read, shown: mergeRows(child, rows), begin, requests };
}

/** What hangs on one parent; undefined when Attio does not have (or show) the parent: then its absence says nothing. */
async function readParent(
  client: AttioClient,
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
