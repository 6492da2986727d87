import { addMissing, addPart, countRequests, loadParts, saveCheckpoint } from "../../db/queries/runs.ts";
import { setAside } from "../../db/queries/set-aside.ts";
import { applyRows } from "../apply/apply-rows.ts";
import { PlanChangedError } from "../apply/target.ts";
import { PAGE_SIZE, readSpan } from "../fetch/read-span.ts";
import type { Span } from "../fetch/read-span.ts";
import type { RecordSource } from "../fetch/record-source.ts";
import { splitRows } from "../fetch/split-rows.ts";
import { splitPoint } from "../fetch/window.ts";
import type { Window, WindowCursor } from "../fetch/window.ts";
import { findMissing } from "./find-missing.ts";
import { requestOptions } from "./run-context.ts";
import type { RunContext } from "./run-context.ts";

/** Windows walked side by side: enough to hide Attio's answering time, few enough to bound memory. */
const WORKERS = 4;

/** So many pages in a row that were less than half full: the walk has caught up with the present. */
const LEAN_PAGES = 3;

/**
 * Walks all records of an object, or entries of a list, in the order of their creation: by key, never by deep offset,
 * so that a deletion under way cannot hide a row. Each page is applied, and its checkpoint written, in one transaction.
 */
export async function walkWindows(context: RunContext, source: RecordSource): Promise<void> {
  const walk = new WindowWalk(context, source);
  await walk.run();
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
    const span = await readSpan(this.#source, window.cursor, requestOptions(this.#context));
    await this.#apply(window, span);
    return span.done;
  }

  async #apply(window: Window, page: Span): Promise<void> {
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
        cursor: { at: page.to ?? from, hi: window.cursor.hi, seen: page.seen },
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
    window.cursor.seen = page.seen;
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
