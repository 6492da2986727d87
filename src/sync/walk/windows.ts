import { PlanChangedError } from "../apply/target.ts";
import { PAGE_SIZE, readSpan } from "../fetch/read-span.ts";
import type { Span } from "../fetch/read-span.ts";
import type { RecordSource } from "../fetch/record-source.ts";
import { splitPoint } from "../fetch/window.ts";
import type { Window, WindowCursor } from "../fetch/window.ts";
import { bulkOptions } from "./bulk.ts";

/** Windows walked side by side: enough to hide Attio's answering time, few enough to bound memory. */
const WORKERS = 4;

/** So many pages in a row that were less than half full: the walk has caught up with the present. */
const LEAN_PAGES = 3;

/** One window as a walk that was stopped left it. */
export interface LeftWindow {
  part: number;
  cursor: WindowCursor;
  done: boolean;
}

/** What is done with the records of a walk, and where it is noted how far the walk is. */
export interface WindowVisitor {
  /** The windows of an earlier walk that this one goes on with; none = from the beginning. */
  resume(): Promise<readonly LeftWindow[]>;
  open(part: number, cursor: WindowCursor): Promise<void>;
  /** @throws {PlanChangedError} when the span was mapped by a plan that is no more; it is read again then */
  take(span: Span, window: Window): Promise<void>;
  /** Told of requests that brought no span. */
  countRequests(requests: number): Promise<void>;
}

/**
 * Walks all records of an object, or entries of a list, in the order of their creation: by key, never by deep offset,
 * so that a deletion under way cannot hide a row. Spans of several windows may be taken at the same time.
 */
export async function walkWindows(
  source: RecordSource,
  visitor: WindowVisitor,
  signal: AbortSignal,
): Promise<void> {
  const walk = new WindowWalk(source, visitor, signal);
  await walk.run();
}

class WindowWalk {
  readonly #source: RecordSource;
  readonly #visitor: WindowVisitor;
  readonly #signal: AbortSignal;
  readonly #running = new Set<Window>();
  readonly #abort = new AbortController();
  #pending: Window[] = [];
  #nextPart = 1;
  #newestMs: number | undefined;

  constructor(source: RecordSource, visitor: WindowVisitor, signal: AbortSignal) {
    this.#abort.signal.addEventListener("abort", () => undefined);
    this.#signal = AbortSignal.any([signal, this.#abort.signal]);
    this.#source = source;
    this.#visitor = visitor;
  }

  async run(): Promise<void> {
    const parts = await this.#visitor.resume();
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
   * page more. What was created since is left to the events that tell of it, and to the next walk.
   */
  async #endAtNewest({ cursor }: Window): Promise<void> {
    cursor.hi ??= Math.max(cursor.at, await this.#newest()) + 1;
  }

  /** Reads one span and hands it on; true when the window is done. */
  async #step(window: Window): Promise<boolean> {
    try {
      return await this.#readSpan(window);
    } catch (error) {
      if (!(error instanceof PlanChangedError)) throw error;
      // The span was mapped by a plan that is no more; nothing of it was taken.
      await this.#source.reload();
      return false;
    }
  }

  async #readSpan(window: Window): Promise<boolean> {
    const span = await readSpan(this.#source, window.cursor, bulkOptions(this.#signal));
    await this.#visitor.take(span, window);
    window.startedAt ??= span.items[0]?.createdAtMs ?? null;
    window.rows += span.items.length;
    if (span.to !== null) window.cursor.at = span.to;
    window.cursor.seen = span.seen;
    return span.done;
  }

  /** Gives half of what is left of this window to an idle worker, where there is one. */
  async #offerSplit(window: Window): Promise<void> {
    if (this.#running.size + this.#pending.length >= WORKERS || window.rows < PAGE_SIZE / 2) return;
    const newestMs = await this.#newest();
    const middle = splitPoint(window, newestMs);
    if (middle === undefined) return;
    // The new window is noted before the old one ends at it: a crash between leaves an overlap, not a gap.
    const { hi } = window.cursor;
    const opened = await this.#open({ at: middle, hi });
    window.cursor.hi = middle;
    this.#pending.push(opened);
    this.#wakeSplit?.();
  }

  async #open(cursor: WindowCursor): Promise<Window> {
    const part = this.#nextPart++;
    await this.#visitor.open(part, cursor);
    return newWindow(part, cursor);
  }

  /** Creation of the newest row: the open window has no end of its own to halve. */
  async #newest(): Promise<number> {
    if (this.#newestMs === undefined) {
      const newestFirst = [{ attribute: "created_at", direction: "desc" }] as const;
      const page = await this.#source.query({ sorts: newestFirst, limit: 1 }, bulkOptions(this.#signal));
      await this.#visitor.countRequests(page.requests);
      this.#newestMs = page.value.items[0]?.createdAtMs ?? 0;
    }
    return this.#newestMs;
  }
}

function newWindow(part: number, cursor: WindowCursor): Window {
  return { part, cursor: { ...cursor }, startedAt: null, rows: 0 };
}
