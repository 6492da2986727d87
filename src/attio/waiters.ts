import { abortReason } from "../lib/abort.ts";

/**
 * What goes first: interactive work (webhooks, single edits, people waiting), then the pushes of a bulk, then backfills. In a
 * budget a bulk has every second grant while interactive work waits as well, so that neither starves.
 */
export type Priority = "interactive" | "bulk" | "backfill";

interface Waiter {
  readonly wake: () => void;
}

/** A queue of callers by priority, each group first come first served; an aborted one leaves at once. */
export class Waiters {
  readonly #groups: Readonly<Record<Priority, Set<Waiter>>> = {
    interactive: new Set(),
    bulk: new Set(),
    backfill: new Set(),
  };
  /** Whether interactive work has had a grant that a bulk was waiting for. */
  #isBulkNext = false;

  get size(): number {
    const { interactive, bulk, backfill } = this.#groups;
    return interactive.size + bulk.size + backfill.size;
  }

  /** The highest priority of those who wait; undefined if nobody does. */
  get highest(): Priority | undefined {
    const { interactive, bulk, backfill } = this.#groups;
    if (interactive.size > 0) return "interactive";
    if (bulk.size > 0) return "bulk";
    return backfill.size > 0 ? "backfill" : undefined;
  }

  /** Resolves when woken; rejects with the signal's reason. */
  wait(priority: Priority, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(abortReason(signal));
        return;
      }
      const group = this.#groups[priority];
      const onAbort = () => {
        group.delete(waiter);
        if (signal) reject(abortReason(signal));
      };
      const waiter: Waiter = {
        wake: () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        },
      };
      group.add(waiter);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Wakes the next caller of the highest priority; false if nobody waits. */
  wakeHighest(): boolean {
    const { highest } = this;
    return highest !== undefined && this.#wakeOne(this.#groups[highest]);
  }

  /** Wakes the next caller, interactive work and a bulk by turns; false if nobody waits. */
  wakeNext(): boolean {
    const { interactive, bulk } = this.#groups;
    if (this.#isBulkNext && bulk.size > 0) {
      this.#isBulkNext = false;
      return this.#wakeOne(bulk);
    }
    this.#isBulkNext = interactive.size > 0 && bulk.size > 0;
    return this.wakeHighest();
  }

  #wakeOne(group: Set<Waiter>): boolean {
    for (const waiter of group) {
      group.delete(waiter);
      waiter.wake();
      return true;
    }
    return false;
  }
}
