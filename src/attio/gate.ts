import { Waiters, type Priority } from "./waiters.ts";

/**
 * At most `limit()` holders at a time; the limit may change under way. `reserved` places are kept for interactive work, so that
 * long backfill requests and bulks never make a person wait.
 */
export class Gate {
  readonly #limit: () => number;
  readonly #reserved: number;
  readonly #waiters = new Waiters();
  #active = 0;

  constructor(limit: () => number, { reserved = 0 }: { reserved?: number } = {}) {
    this.#limit = limit;
    this.#reserved = reserved;
  }

  get active(): number {
    return this.#active;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /** Resolves with the function that gives the place back (calling it twice does no harm); rejects with the signal's reason. */
  async acquire(priority: Priority, signal?: AbortSignal): Promise<() => void> {
    const admitted = this.#waiters.wait(priority, signal);
    this.admit();
    await admitted;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#active -= 1;
      this.admit();
    };
  }

  /** Lets in whoever fits; to be called after the limit rose. */
  admit(): void {
    for (;;) {
      const priority = this.#waiters.highest;
      if (priority === undefined) return;
      const places = priority === "interactive" ? this.#limit() : Math.max(1, this.#limit() - this.#reserved);
      if (this.#active >= places) return;
      this.#active += 1;
      this.#waiters.wakeHighest();
    }
  }
}
