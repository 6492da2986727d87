import {
  AttioApiError,
  AttioError,
  AttioMergeInProgressError,
  AttioNotFoundError,
  AttioRateLimitError,
  AttioSchemaError,
  AttioValidationError,
  type RequestOptions,
} from "../../attio/index.ts";
import { claimDue, returnMarks, settleMarks } from "../../db/queries/dirty.ts";
import type { Claimed } from "../../db/queries/dirty.ts";
import { setAside } from "../../db/queries/set-aside.ts";
import { drawTicket } from "../../db/queries/tickets.ts";
import { transact } from "../../db/tx.ts";
import { applyRows } from "../apply/apply-rows.ts";
import type { ApplyCounts } from "../apply/apply-rows.ts";
import { deleteRows } from "../apply/delete-rows.ts";
import { PlanChangedError } from "../apply/target.ts";
import type { SyncDeps } from "../deps.ts";
import type { FetchedRowsOf } from "../fetch/row-source.ts";
import { splitRows } from "../fetch/split-rows.ts";
import type { Ticketed } from "../fetch/ticketed.ts";
import { linger } from "./linger.ts";
import { otherSides } from "./other-sides.ts";
import type { LiveStream } from "./live-stream.ts";

/** After so many failures a record is set aside with its reason; the next doorbell tries again. */
const MOST_ATTEMPTS = 6;

/** Single requests that run side by side for resources that have no query by ids. */
const SIDE_BY_SIDE = 8;

/** Queries under way at a time while each is full: one is answered while the rows of the other are written. */
const MOST_QUERIES = 2;

export interface Hydration {
  /** Marks that were seen to. */
  seen: number;
  written: number;
  deleted: number;
  requests: number;
}

/**
 * Sees to the dirty marks of one stream that are due: fetches many records by one query, applies what it finds,
 * confirms and deletes what does not come back. While many marks come, each query waits up to a second to be full, and
 * two full ones are under way at a time. Returns when no mark is due any more.
 */
export async function hydrate(
  deps: SyncDeps,
  stream: LiveStream,
  options: RequestOptions = {},
): Promise<Hydration> {
  const total: Hydration = { seen: 0, written: 0, deleted: 0, requests: 0 };
  const hydrator = new Hydrator(deps, stream, options, total);
  const queries = new Set<Promise<void>>();
  try {
    for (;;) {
      options.signal?.throwIfAborted();
      await linger(deps.db.sql, stream, options.signal);
      const { size } = stream.batch;
      const claimed = await claimDue(deps.db.sql, stream.name, size);
      if (claimed.length === 0 && queries.size === 0) return total;
      if (claimed.length > 0) {
        stream.recent.add(claimed.length);
        const query = hydrator.see(claimed);
        queries.add(query);
        // One that failed stays, so that the next wait throws.
        query.then(
          () => queries.delete(query),
          () => undefined,
        );
      }
      if (claimed.length < size) await Promise.all(queries);
      else if (queries.size >= MOST_QUERIES) await Promise.race(queries);
    }
  } finally {
    await Promise.allSettled(queries);
  }
}

class Hydrator {
  readonly #deps: SyncDeps;
  readonly #stream: LiveStream;
  readonly #options: RequestOptions;
  readonly #total: Hydration;

  constructor(deps: SyncDeps, stream: LiveStream, options: RequestOptions, total: Hydration) {
    this.#deps = deps;
    this.#stream = stream;
    this.#options = options;
    this.#total = total;
  }

  async see(claimed: readonly Claimed[]): Promise<void> {
    try {
      const rest = await this.#seeMany(claimed);
      await this.#seeEach(rest);
    } catch (error) {
      await this.#giveBack(claimed, error);
    }
  }

  /** One query for all of them; those that Attio did not return are left for a look at each. */
  async #seeMany(claimed: readonly Claimed[]): Promise<readonly Claimed[]> {
    const { source, batch } = this.#stream;
    if (source.fetchMany === undefined) return claimed;
    const ids = claimed.map((mark) => mark.id);
    let fetched: Ticketed<FetchedRowsOf>;
    try {
      fetched = await source.fetchMany(ids, this.#options);
      batch.accepted();
    } catch (error) {
      const tooLarge = error instanceof AttioValidationError || error instanceof AttioRateLimitError;
      if (tooLarge) batch.refused();
      throw error;
    }
    const found = new Set(fetched.value.rows.map((row) => row.id));
    await this.#apply(
      fetched,
      claimed.filter((mark) => found.has(mark.id)),
    );
    return claimed.filter((mark) => !found.has(mark.id));
  }

  async #seeEach(marks: readonly Claimed[]): Promise<void> {
    const gone: Claimed[] = [];
    const queue = [...marks];
    // Older than need be, which is the safe side.
    const begin = await drawTicket(this.#deps.db.sql);
    const worker = async () => {
      for (let mark = queue.shift(); mark !== undefined; mark = queue.shift()) {
        if (await this.#seeOne(mark)) gone.push(mark);
      }
    };
    await Promise.all(Array.from({ length: Math.min(SIDE_BY_SIDE, marks.length) }, worker));
    await this.#delete(gone, begin);
  }

  /** Looks at one record; true when Attio says that it does not exist. */
  async #seeOne(mark: Claimed): Promise<boolean> {
    try {
      const fetched = await this.#stream.source.fetchOne(mark.id, this.#options, mark.detail);
      await this.#apply(fetched, [mark]);
      return false;
    } catch (error) {
      if (error instanceof AttioNotFoundError) {
        this.#total.requests += 1;
        return true;
      }
      if (this.#options.signal?.aborted === true) throw error;
      await this.#giveBack([mark], error);
      return false;
    }
  }

  async #apply(
    { value, begin, requests }: Ticketed<FetchedRowsOf>,
    marks: readonly Claimed[],
  ): Promise<void> {
    const { db } = this.#deps;
    const { rows, unreadable } = splitRows(value.rows);
    const rings = new Map(marks.map((mark) => [mark.id, mark.rings]));
    const changesOf = (counts: ApplyCounts, id: string) =>
      counts.changes.filter((change) => change.id === id).length;
    const counts = await applyRows(
      db.sql,
      value.target,
      { rows, begin, mode: "look", mayHaveGaps: (id, changed) => (rings.get(id) ?? 0) > changed },
      async (tx, applied) => {
        await setAside(tx, value.target.stream, unreadable);
        const again = new Set(marks.filter((mark) => !mark.again).map((mark) => mark.id));
        const unchanged = applied.equal.filter((id) => again.has(id) && changesOf(applied, id) === 0);
        await settleMarks(tx, this.#stream.name, marks, {
          secondLook: new Set(unchanged),
          doorbells: await otherSides(tx, value.target, applied.changes),
        });
      },
    );
    this.#total.seen += marks.length;
    this.#total.written += counts.written;
    this.#total.requests += requests;
  }

  /** Deletions that Attio did not announce count against the cap, whichever path finds them (design rule 16). */
  async #delete(gone: readonly Claimed[], begin: number): Promise<void> {
    const { db, deleteMode } = this.#deps;
    if (gone.length === 0) return;
    const target = this.#stream.target();
    const announced = gone.filter((mark) => mark.announced);
    const silent = gone.filter((mark) => !mark.announced);
    this.#total.deleted += await deleteRows(db.sql, target, {
      ids: silent.map((mark) => mark.id),
      begin,
      mode: deleteMode,
      announced: false,
      capped: true,
    });
    this.#total.deleted += await deleteRows(db.sql, target, {
      ids: announced.map((mark) => mark.id),
      begin,
      mode: deleteMode,
      announced: true,
    });
    await this.#settle(gone);
    this.#total.seen += gone.length;
  }

  /** A failure that is about the record itself is counted; after enough of them the record is set aside. */
  async #giveBack(marks: readonly Claimed[], error: unknown): Promise<void> {
    const { db, log } = this.#deps;
    if (error instanceof PlanChangedError) {
      await this.#stream.source.reload?.();
      await this.#return(marks, { failed: false });
      return;
    }
    const exhausted = isAboutRecord(error) ? marks.filter((mark) => mark.attempts + 1 >= MOST_ATTEMPTS) : [];
    const others = marks.filter((mark) => !exhausted.includes(mark));
    log.warn({ stream: this.#stream.name, marks: marks.length, err: error }, "hydrate failed");
    await setAside(
      db.sql,
      this.#stream.name,
      exhausted.map(({ id }) => ({ id, code: "hydrate_failed", reason: reasonOf(error) })),
    );
    await this.#settle(exhausted);
    await this.#return(others, { failed: true });
    if (this.#options.signal?.aborted === true) throw error;
  }

  async #settle(marks: readonly Claimed[]): Promise<void> {
    if (marks.length === 0) return;
    await transact(this.#deps.db.sql, (tx) => settleMarks(tx, this.#stream.name, marks));
  }

  async #return(marks: readonly Claimed[], { failed }: { failed: boolean }): Promise<void> {
    if (marks.length === 0) return;
    const ids = marks.map((mark) => mark.id);
    await transact(this.#deps.db.sql, (tx) => returnMarks(tx, this.#stream.name, ids, { failed }));
  }
}

/** A server that is down, or a budget that is used up, is nothing that setting a record aside would mend. */
function isAboutRecord(error: unknown): boolean {
  if (error instanceof AttioMergeInProgressError) return false;
  return (
    error instanceof AttioSchemaError ||
    (error instanceof AttioApiError && error.status < 500 && error.status !== 429)
  );
}

function reasonOf(error: unknown): string {
  if (error instanceof AttioError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
