import {
  type AttioEntry,
  type AttioRecord,
  type Filter,
  type RequestOptions,
  type Sort,
} from "../../attio/index.ts";
import type { StreamRow } from "../../db/queries/streams.ts";
import { findStreamBySource } from "../../db/queries/streams.ts";
import type { ApplyTarget } from "../apply/target.ts";
import type { SyncDeps } from "../deps.ts";
import { entrySource, readRecord, recordSource } from "../mapping/read-record.ts";
import type { ValuesSource } from "../mapping/read-record.ts";
import { UnknownChoiceError } from "../mapping/read-value.ts";
import type { RecordPlan } from "../mapping/record-plan.ts";
import type { MappedRow, UnreadableRow } from "../mapping/row.ts";
import { adoptChoice } from "../schema/adopt-choice.ts";
import { loadRecordPlan } from "../schema/load-plan.ts";
import { syncOneSource } from "../schema/sync-schema.ts";
import type { FetchedRowsOf, RowSource } from "./row-source.ts";
import { ticketed } from "./ticketed.ts";
import type { Ticketed } from "./ticketed.ts";

export interface RecordQuery {
  filter?: Filter;
  sorts: readonly Sort[];
  limit: number;
  offset?: number;
}

/** A fetched record or entry: when it was made, and what it comes to in the mirror. */
export interface FetchedItem {
  id: string;
  createdAtMs: number;
  row: MappedRow | UnreadableRow;
}

export interface FetchedPage {
  items: FetchedItem[];
  target: ApplyTarget;
}

/** The longest page that each kind of listing has given: a shorter one was not cut off by a limit of the server's. */
export type LongestPages = Record<"object" | "list", number>;

const BY_CREATION = [{ attribute: "created_at", direction: "asc" }] as const;

/** Reads the records of one object or the entries of one list and maps them by the plan in force. */
export class RecordSource implements RowSource {
  readonly deps: SyncDeps;
  readonly #longest: LongestPages;
  #plan: RecordPlan;
  #refreshing: Promise<void> | undefined;

  constructor(deps: SyncDeps, plan: RecordPlan, longest: LongestPages) {
    this.deps = deps;
    this.#plan = plan;
    this.#longest = longest;
  }

  /** @param longest shared by all sources of a process, since the server's limits are the same for all of them */
  static async open(deps: SyncDeps, stream: StreamRow, longest: LongestPages): Promise<RecordSource> {
    return new RecordSource(deps, await loadRecordPlan(deps.db.orm, stream), longest);
  }

  /** Notes a page's length and returns the greatest so far. */
  sawPage(length: number): number {
    const longest = Math.max(this.#longest[this.#plan.kind], length);
    this.#longest[this.#plan.kind] = longest;
    return longest;
  }

  /** The longest page seen so far. */
  get longestPage(): number {
    return this.#longest[this.#plan.kind];
  }

  get plan(): RecordPlan {
    return this.#plan;
  }

  /** The attribute that ids are filtered and sorted by. */
  get idAttribute(): "record_id" | "entry_id" {
    return this.#plan.key;
  }

  /** One page, each item mapped while the page is still arriving. */
  query(query: RecordQuery, options: RequestOptions): Promise<Ticketed<FetchedPage>> {
    return this.#withChoices(options, async (plan) => {
      const { client, db } = this.deps;
      const fetched = await ticketed(db.sql, options, (sending) =>
        plan.kind === "object"
          ? client.records.query(plan.sourceId, query, {
              ...sending,
              map: (record) => this.#record(record, plan),
            })
          : client.entries.query(plan.sourceId, query, {
              ...sending,
              map: (entry) => this.#entry(entry, plan),
            }),
      );
      return { ...fetched, value: { items: fetched.value.items, target: targetOf(plan) } };
    });
  }

  /** Those of these ids that Attio has, at most as many as fit a page. */
  async fetchMany(ids: readonly string[], options: RequestOptions): Promise<Ticketed<FetchedRowsOf>> {
    const { value, ...rest } = await this.query(
      { filter: { [this.idAttribute]: { $in: [...ids] } }, sorts: BY_CREATION, limit: ids.length },
      options,
    );
    return { ...rest, value: { target: value.target, rows: value.items.map(only) } };
  }

  /** One record or entry. Throws AttioNotFoundError where Attio has none. */
  async fetchOne(id: string, options: RequestOptions): Promise<Ticketed<FetchedRowsOf>> {
    const { value, ...rest } = await this.#get(id, options);
    return { ...rest, value: { target: value.target, rows: value.items.map(only) } };
  }

  #get(id: string, options: RequestOptions): Promise<Ticketed<FetchedPage>> {
    return this.#withChoices(options, async (plan) => {
      const { client, db } = this.deps;
      const fetched = await ticketed(db.sql, options, async (sending) =>
        plan.kind === "object"
          ? this.#record(await client.records.get(plan.sourceId, id, sending), plan)
          : this.#entry(await client.entries.get(plan.sourceId, id, sending), plan),
      );
      return { ...fetched, value: { items: [fetched.value], target: targetOf(plan) } };
    });
  }

  /** Loads the plan again, after an apply found it out of date. */
  async reload(): Promise<void> {
    const stream = await findStreamBySource(this.deps.db.orm, this.#plan.sourceId);
    if (stream === undefined) throw new Error(`stream ${this.#plan.stream} is gone`);
    this.#plan = await loadRecordPlan(this.deps.db.orm, stream);
  }

  /**
   * A page that names an option which the mirror does not know is read again after the options were; one that even
   * then is not listed is taken over from the page, so that every title has one source.
   */
  async #withChoices<T>(options: RequestOptions, work: (plan: RecordPlan) => Promise<T>): Promise<T> {
    let hasLooked = false;
    const adopted = new Set<string>();
    for (;;) {
      const plan = this.#plan;
      try {
        return await work(plan);
      } catch (error) {
        if (!(error instanceof UnknownChoiceError) || adopted.has(error.choice.id)) throw error;
        if (this.#refreshing !== undefined || this.#plan !== plan) {
          await this.#refreshing;
          continue;
        }
        if (hasLooked) adopted.add(error.choice.id);
        await this.#refresh(
          hasLooked
            ? () => adoptChoice(this.deps.db.sql, plan, error)
            : () => syncOneSource(this.deps, plan.kind, plan.sourceId, options),
        );
        hasLooked = true;
      }
    }
  }

  /** Windows that run side by side meet a new option at the same time; one look at Attio's schema serves them all. */
  async #refresh(change: () => Promise<void>): Promise<void> {
    this.#refreshing = change()
      .then(() => this.reload())
      .finally(() => {
        this.#refreshing = undefined;
      });
    await this.#refreshing;
  }

  #record(record: AttioRecord, plan: RecordPlan): FetchedItem {
    return this.#map(recordSource(record), record.created_at, plan);
  }

  #entry(entry: AttioEntry, plan: RecordPlan): FetchedItem {
    return this.#map(entrySource(entry), entry.created_at, plan);
  }

  #map(source: ValuesSource, createdAt: string, plan: RecordPlan): FetchedItem {
    const row = readRecord(source, plan, { raw: this.deps.raw });
    return { id: source.id, createdAtMs: Date.parse(createdAt), row };
  }
}

/** Where rows mapped by a plan are written. */
export function targetOf(plan: RecordPlan): ApplyTarget {
  const { stream, table, key, version } = plan;
  return { stream, table, key, version, tracked: plan.attributes };
}

function only(item: FetchedItem): MappedRow | UnreadableRow {
  return item.row;
}
