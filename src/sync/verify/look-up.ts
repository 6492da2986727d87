import { AttioMergeInProgressError, AttioNotFoundError, type RequestOptions } from "../../attio/index.ts";
import type { Sql } from "../../db/client.ts";
import { drawTicket } from "../../db/queries/tickets.ts";
import type { RowSource } from "../fetch/row-source.ts";
import type { FetchedRowsOf } from "../fetch/row-source.ts";

/** Requests for single rows that run side by side. */
const SIDE_BY_SIDE = 8;

/** A row that is to be looked up. */
export interface Wanted {
  id: string;
  /** What is needed to fetch it besides its id. */
  detail: Record<string, string> | null;
}

/** What Attio says of rows that were asked for by their ids. */
export interface LookUp {
  /** In portions: rows of one portion were mapped by one plan. */
  found: (FetchedRowsOf & { begin: number })[];
  /** Ids that Attio says it does not have. */
  gone: string[];
  /** The ticket drawn before any of the requests. */
  begin: number;
  requests: number;
}

/**
 * Looks rows up by their ids: many in one query where Attio has one, and each that does not come back by itself. One that is
 * being merged is neither found nor gone.
 */
export async function lookUp(
  sql: Sql,
  source: RowSource,
  wanted: readonly Wanted[],
  options: RequestOptions,
): Promise<LookUp> {
  const result: LookUp = { found: [], gone: [], begin: await drawTicket(sql), requests: 0 };
  const queue = [...wanted];
  if (source.fetchMany !== undefined) {
    const { value, begin, requests } = await source.fetchMany(
      wanted.map(({ id }) => id),
      options,
    );
    result.requests += requests;
    result.found.push({ ...value, begin });
    const found = new Set(value.rows.map(({ id }) => id));
    queue.splice(0, queue.length, ...wanted.filter(({ id }) => !found.has(id)));
  }
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await lookUpOne(source, next, options, result);
    }
  };
  await Promise.all(Array.from({ length: Math.min(SIDE_BY_SIDE, queue.length) }, worker));
  return result;
}

async function lookUpOne(
  source: RowSource,
  { id, detail }: Wanted,
  options: RequestOptions,
  result: LookUp,
): Promise<void> {
  try {
    const { value, begin, requests } = await source.fetchOne(id, options, detail);
    result.requests += requests;
    result.found.push({ ...value, begin });
  } catch (error) {
    result.requests += 1;
    if (error instanceof AttioMergeInProgressError) return;
    if (!(error instanceof AttioNotFoundError)) throw error;
    result.gone.push(id);
  }
}
