import { AttioNotFoundError, AttioValidationError, type AttributeValue } from "../../attio/index.ts";
import { countHistoryWanted, findHistoryWanted, replaceHistory } from "../../db/queries/history.ts";
import type { HistoryColumn } from "../../db/queries/history.ts";
import { listStreams } from "../../db/queries/streams.ts";
import { drawTicket } from "../../db/queries/tickets.ts";
import { transact } from "../../db/tx.ts";
import type { SyncDeps } from "../deps.ts";
import { UnknownChoiceError } from "../mapping/read-value.ts";
import type { AttributePlan, RecordPlan } from "../mapping/record-plan.ts";
import { loadRecordPlan } from "../schema/load-plan.ts";
import { toIntervals } from "./intervals.ts";

/** Records asked about side by side. */
const BATCH = 20;

/** What `HISTORY` may say: `status` for every status attribute, or `stream.attribute`, several of them by commas. */
export type HistoryChoice = string;

export interface PastValues {
  /** Records whose history was read: one request each. */
  records: number;
  /** Records that are left, because the crawl was stopped. */
  left: number;
}

export interface CrawlOptions {
  signal?: AbortSignal;
  /** At most so many records, so that other work gets its turn. */
  limit?: number;
}

/**
 * Reads past values of the chosen attributes where they are missing or have moved on, behind all other work. What is
 * left to do follows from the database, so it can be stopped at any time and goes on where it was.
 */
export async function crawlPastValues(
  deps: SyncDeps,
  choice: HistoryChoice,
  { signal, limit = Infinity }: CrawlOptions = {},
): Promise<PastValues> {
  const result: PastValues = { records: 0, left: 0 };
  for (const chosen of await chooseAttributes(deps, choice)) {
    if (signal?.aborted !== true && result.records < limit) {
      result.records += await crawlAttribute(deps, chosen, { signal, limit: limit - result.records });
    }
    result.left += await countHistoryWanted(deps.db.sql, chosen.history);
  }
  return result;
}

interface Chosen {
  plan: RecordPlan;
  attribute: AttributePlan;
  history: HistoryColumn;
}

async function chooseAttributes({ db }: SyncDeps, choice: HistoryChoice): Promise<Chosen[]> {
  const names = new Set(choice.split(",").map((name) => name.trim()));
  const attributes: Chosen[] = [];
  for (const stream of await listStreams(db.orm)) {
    if (stream.kind === "fixed" || stream.sourceId === null || stream.state === "gone") continue;
    const plan = await loadRecordPlan(db.orm, stream);
    for (const attribute of plan.attributes) {
      const name = `${plan.stream}.${attribute.slug}`;
      if (!names.has(name) && !(names.has("status") && attribute.kind === "status")) continue;
      const history = {
        stream: plan.stream,
        table: plan.table,
        key: plan.key,
        attribute: attribute.slug,
        column: attribute.column,
      };
      attributes.push({ plan, attribute, history });
    }
  }
  return attributes;
}

async function crawlAttribute(
  deps: SyncDeps,
  chosen: Chosen,
  { signal, limit }: { signal: AbortSignal | undefined; limit: number },
): Promise<number> {
  let read = 0;
  for (let after: string | null = null; read < limit;) {
    const ids: string[] = await findHistoryWanted(deps.db.sql, chosen.history, {
      after,
      limit: Math.min(BATCH, limit - read),
    });
    const last = ids.at(-1);
    if (last === undefined || signal?.aborted === true) return read;
    const supported = await Promise.all(ids.map((id) => readOne(deps, chosen, id, signal)));
    if (supported.includes(false)) return read;
    read += ids.length;
    after = last;
  }
  return read;
}

/** Reads one record's history; false where Attio keeps none of this attribute at all (communication, enriched ones). */
async function readOne(
  { db, client, log }: SyncDeps,
  { plan, attribute, history }: Chosen,
  id: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const options = { signal, priority: "backfill" } as const;
  const window = { showHistoric: true };
  try {
    const begin = await drawTicket(db.sql);
    const values: AttributeValue[] =
      plan.kind === "object"
        ? await client.records.values(plan.sourceId, id, attribute.id, window, options)
        : await client.entries.values(plan.sourceId, id, attribute.id, window, options);
    const intervals = toIntervals(values, attribute);
    await transact(db.sql, (tx) => replaceHistory(tx, history, id, { intervals, begin }));
  } catch (error) {
    // The record is gone, or the schema has moved on: the next round looks again.
    if (error instanceof AttioNotFoundError || error instanceof UnknownChoiceError) return true;
    if (!(error instanceof AttioValidationError)) throw error;
    log.warn({ stream: plan.stream, attribute: attribute.slug }, "Attio keeps no history of this attribute");
    return false;
  }
  return true;
}
