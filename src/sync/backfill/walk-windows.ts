import type { Tx } from "../../db/client.ts";
import { quoteIdentifier } from "../../db/mirror/identifiers.ts";
import { mirrorTable } from "../../db/mirror/sql-names.ts";
import { addMissing, addPart, countRequests, loadParts, saveCheckpoint } from "../../db/queries/runs.ts";
import { setAside } from "../../db/queries/set-aside.ts";
import { applyRows } from "../apply/apply-rows.ts";
import { PlanChangedError } from "../apply/target.ts";
import type { ApplyTarget } from "../apply/target.ts";
import type { FetchedItem, FetchedPage, RecordSource } from "../fetch/record-source.ts";
import type { Ticketed } from "../fetch/ticketed.ts";
import { requestOptions } from "./run-context.ts";
import type { RunContext } from "./run-context.ts";
import { splitRows } from "../fetch/split-rows.ts";
import { closeStep, splitPoint, windowFilter } from "./window.ts";
import type { Window, WindowCursor } from "./window.ts";

/** Windows walked side by side: enough to hide Attio's answering time, few enough to bound memory. */
const WORKERS = 4;

/** Attio's own default and the most that is known to be accepted (docs: "Pagination"). */
const PAGE_SIZE = 500;

/** So many pages in a row that were less than half full: the walk has caught up with the present. */
const LEAN_PAGES = 3;

const CREATION_ORDER = [{ attribute: "created_at", direction: "asc" }] as const;

/**
 * Walks all records of an object, or entries of a list, in the order of their creation: by key, never by deep offset,
 * so that a deletion under way cannot hide a row. Each page is applied, and its checkpoint written, in one transaction.
 */
export async function walkWindows(context: RunContext, source: RecordSource): Promise<void> {
  const walk = new WindowWalk(context, source);
  await walk.run();
}

/** What a pass over one millisecond showed, by id. */
interface Bucket {
  items: ReadonlyMap<string, FetchedItem>;
  target: ApplyTarget;
  begin: number;
  requests: number;
}

class WindowWalk {
  readonly #context: RunContext;
  readonly #source: RecordSource;
  readonly #running = new Set<Window>();
  readonly #abort = new AbortController();
  #pending: Window[] = [];
  #nextPart = 1;
  #newestMs: number | undefined;

  constructor(context: RunContext, source: RecordSource) {
    this.#abort.signal.addEventListener("abort", () => undefined);
    this.#context = { ...context, signal: AbortSignal.any([context.signal, this.#abort.signal]) };
    this.#source = source;
  }

  async run(): Promise<void> {
    const { deps, run } = this.#context;
    const parts = await loadParts<WindowCursor>(deps.db.sql, run.id);
    this.#nextPart = Math.max(0, ...parts.map((part) => part.part)) + 1;
    this.#pending = parts.filter((part) => !part.done).map(({ part, cursor }) => newWindow(part, cursor));
    if (parts.length === 0) this.#pending.push(await this.#open({ at: 0, hi: null }));
    await this.#work();
  }

  /** Workers take windows until there are none; whoever frees a place lets the longest window be split. */
  async #work(): Promise<void> {
    const workers = new Set<Promise<void>>();
    const failures: unknown[] = [];
    while (this.#pending.length > 0 || workers.size > 0) {
      while (workers.size < WORKERS) {
        const window = this.#pending.shift();
        if (window === undefined) break;
        const worker = this.#walk(window)
          .catch((error: unknown) => {
            failures.push(error);
            this.#abort.abort(error);
          })
          .finally(() => workers.delete(worker));
        workers.add(worker);
      }
      await Promise.race([...workers, this.#splitWanted()]);
      if (failures.length > 0) this.#pending = [];
    }
    if (failures.length > 0) throw failures[0];
  }

  #wakeSplit: (() => void) | undefined;

  /** Resolves when a worker has opened a new window for others to take. */
  #splitWanted(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakeSplit = resolve;
    });
  }

  async #walk(window: Window): Promise<void> {
    this.#running.add(window);
    try {
      for (let leanPages = 0; ;) {
        const before = window.rows;
        if (await this.#step(window)) return;
        leanPages = window.rows - before < this.#source.longestPage / 2 ? leanPages + 1 : 0;
        if (leanPages >= LEAN_PAGES) await this.#endAtNewest(window);
        await this.#offerSplit(window);
      }
    } finally {
      this.#running.delete(window);
    }
  }

  /**
   * Ends the window that has no end: while records are created as fast as pages are read, there would always be one
   * page more. What was created since is left to the events that tell of it, and to the next run.
   */
  async #endAtNewest({ cursor }: Window): Promise<void> {
    cursor.hi ??= Math.max(cursor.at, await this.#newest()) + 1;
  }

  /** Reads and applies one page; true when the window is done. */
  async #step(window: Window): Promise<boolean> {
    try {
      return await this.#readPage(window);
    } catch (error) {
      if (!(error instanceof PlanChangedError)) throw error;
      // The page was mapped by a plan that is no more; nothing of it was written.
      await this.#source.reload();
      return false;
    }
  }

  async #readPage(window: Window): Promise<boolean> {
    const page = await this.#source.query(
      { filter: windowFilter(window.cursor), sorts: CREATION_ORDER, limit: PAGE_SIZE },
      requestOptions(this.#context),
    );
    const { value, begin, requests } = page;
    const times = value.items.map((item) => item.createdAtMs);
    const longest = this.#source.sawPage(times.length);
    const step = closeStep(window.cursor, times, longest);
    if (step.kind === "bucket") return this.#readBucket(window, page);

    // Rows of the last millisecond are left to the next page, which starts with it and counts them.
    const { to } = step;
    const items = value.items.filter((item) => to === null || item.createdAtMs < to);
    const done = step.kind === "end";
    await this.#apply(window, { target: value.target, items, begin, requests, to, done });
    return done;
  }

  /**
   * Reads a millisecond that holds more rows than a page: by offset, which is safe only as a whole, so passes are
   * repeated until two in a row show the same ids (design rule 20). One pass that shows nothing new would not do: a
   * deletion during it moves a row to a place that was read already.
   */
  async #readBucket(window: Window, first: Ticketed<FetchedPage>): Promise<boolean> {
    const { at, hi } = window.cursor;
    let { requests } = first;
    let before: Bucket | undefined;
    for (;;) {
      const pass = await this.#readPass(at, first.value.target);
      requests += pass.requests;
      const isStable = before !== undefined && sameKeys(before.items, pass.items);
      before = pass;
      if (isStable) break;
    }
    const { target, begin, items } = before;
    const done = hi !== null && at + 1 >= hi;
    await this.#apply(window, { target, items: [...items.values()], begin, requests, to: at + 1, done });
    return done;
  }

  /** All rows of one millisecond; as old as the first of its pages. */
  async #readPass(at: number, target: ApplyTarget): Promise<Bucket> {
    const filter = windowFilter({ at, hi: at + 1 });
    const sorts = [...CREATION_ORDER, { attribute: this.#source.idAttribute, direction: "asc" }] as const;
    const items = new Map<string, FetchedItem>();
    let begin: number | undefined;
    let requests = 0;
    for (let offset = 0; ;) {
      const query = { filter, sorts, limit: PAGE_SIZE, offset };
      const page = await this.#source.query(query, requestOptions(this.#context));
      requests += page.requests;
      begin ??= page.begin;
      // Rows of one apply are mapped by one plan, or a title that was renamed in between would stay as it was.
      if (page.value.target.version !== target.version) throw new PlanChangedError(target.stream);
      for (const item of page.value.items) items.set(item.id, item);
      if (page.value.items.length === 0) return { items, begin, requests, target };
      offset += page.value.items.length;
    }
  }

  async #apply(
    window: Window,
    page: {
      target: ApplyTarget;
      items: readonly FetchedItem[];
      begin: number;
      requests: number;
      to: number | null;
      done: boolean;
    },
  ): Promise<void> {
    const { deps, run, holder } = this.#context;
    const { rows, unreadable, droppedCharacters } = splitRows(page.items.map((item) => item.row));
    const from = window.cursor.at;
    await applyRows(deps.db.sql, page.target, { rows, begin: page.begin }, async (tx, counts) => {
      await setAside(tx, page.target.stream, unreadable);
      const missing = await findMissing(tx, page.target, {
        from,
        to: page.to,
        begin: page.begin,
        shown: page.items.map((item) => item.id),
      });
      await addMissing(tx, run.id, page.target.stream, missing);
      await saveCheckpoint(tx, run, holder, {
        part: window.part,
        cursor: { at: page.to ?? from, hi: window.cursor.hi },
        done: page.done,
        rows: page.items.length,
        written: counts.written,
        unchanged: counts.unchanged,
        requests: page.requests,
        droppedCharacters,
      });
    });
    window.startedAt ??= page.items[0]?.createdAtMs ?? null;
    window.rows += page.items.length;
    if (page.to !== null) window.cursor.at = page.to;
    this.#context.onRows(page.items.length);
  }

  /** Gives half of what is left of this window to an idle worker, where there is one. */
  async #offerSplit(window: Window): Promise<void> {
    if (this.#running.size + this.#pending.length >= WORKERS || window.rows < PAGE_SIZE / 2) return;
    const newestMs = await this.#newest();
    const middle = splitPoint(window, newestMs);
    if (middle === undefined) return;
    // The new window is in the database before the old one ends at it: a crash between leaves an overlap, not a gap.
    const { hi } = window.cursor;
    const opened = await this.#open({ at: middle, hi });
    window.cursor.hi = middle;
    this.#pending.push(opened);
    this.#wakeSplit?.();
  }

  async #open(cursor: WindowCursor): Promise<Window> {
    const part = this.#nextPart++;
    const { deps, run } = this.#context;
    await addPart(deps.db.sql, run.id, part, cursor);
    return newWindow(part, cursor);
  }

  /** Creation of the newest row: the open window has no end of its own to halve. */
  async #newest(): Promise<number> {
    if (this.#newestMs === undefined) {
      const { deps, run } = this.#context;
      const newestFirst = [{ attribute: "created_at", direction: "desc" }] as const;
      const page = await this.#source.query({ sorts: newestFirst, limit: 1 }, requestOptions(this.#context));
      await countRequests(deps.db.sql, run.id, page.requests);
      this.#newestMs = page.value.items[0]?.createdAtMs ?? 0;
    }
    return this.#newestMs;
  }
}

function newWindow(part: number, cursor: WindowCursor): Window {
  return { part, cursor: { ...cursor }, startedAt: null, rows: 0 };
}

function sameKeys(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean {
  return a.size === b.size && [...a.keys()].every((key) => b.has(key));
}

/**
 * Rows of a closed span of creation that the page of that span did not show: perhaps deleted, to be confirmed. Rows
 * that were fetched after the page was asked for are not missed.
 */
async function findMissing(
  tx: Tx,
  target: ApplyTarget,
  span: { from: number; to: number | null; begin: number; shown: readonly string[] },
): Promise<string[]> {
  const key = quoteIdentifier(target.key);
  const rows = await tx.unsafe<{ id: string }[]>(
    `SELECT ${key} AS id FROM ${mirrorTable(target.table)}
     WHERE created_at >= $1::timestamptz AND created_at < $2::timestamptz
       AND _fetch_seq < $3 AND _deleted_at IS NULL AND NOT EXISTS (
         SELECT 1 FROM unnest($4::uuid[]) AS shown(id) WHERE shown.id = ${key})`,
    [
      new Date(span.from).toISOString(),
      span.to === null ? "infinity" : new Date(span.to).toISOString(),
      span.begin,
      [...span.shown],
    ],
    { prepare: true },
  );
  return rows.map((row) => row.id);
}
