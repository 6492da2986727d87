import { abortReason } from "../lib/abort.ts";

/** Interactive work (webhooks, pushes, people waiting) goes before backfills. */
export type Priority = "interactive" | "backfill";

interface Waiter {
  readonly wake: () => void;
}

/** A queue of callers, interactive ones first, each group first come first served; an aborted one leaves at once. */
export class Waiters {
  readonly #interactive = new Set<Waiter>();
  readonly #backfill = new Set<Waiter>();

  get size(): number {
    return this.#interactive.size + this.#backfill.size;
  }

  /** Which group the next caller is of; undefined if nobody waits. */
  get nextPriority(): Priority | undefined {
    if (this.#interactive.size > 0) return "interactive";
    return this.#backfill.size > 0 ? "backfill" : undefined;
  }

  /** Resolves when woken; rejects with the signal's reason. */
  wait(priority: Priority, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(abortReason(signal));
        return;
      }
      const queue = priority === "interactive" ? this.#interactive : this.#backfill;
      const onAbort = () => {
        queue.delete(waiter);
        if (signal) reject(abortReason(signal));
      };
      const waiter: Waiter = {
        wake: () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        },
      };
      queue.add(waiter);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Wakes the next caller; false if nobody waits. */
  wakeNext(): boolean {
    const queue = this.#interactive.size > 0 ? this.#interactive : this.#backfill;
    for (const waiter of queue) {
      queue.delete(waiter);
      waiter.wake();
      return true;
    }
    return false;
  }
}
