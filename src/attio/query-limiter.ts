import { Gate } from "./gate.ts";
import type { Priority } from "./waiters.ts";

const INITIAL_LIMIT = 4;
const MAX_LIMIT = 8;
const SUCCESSES_PER_STEP = 20;

/** One running record or entry query. */
export interface QueryPermit {
  /** To be called once, with what came of the query. */
  release(outcome: "success" | "rate_limited" | "other"): void;
}

/**
 * How many record and entry queries run at a time. Attio also limits these by the sum of their complexity scores over ten
 * seconds, without publishing the numbers (docs: "Rate limiting"), so the limit is felt out: one more after 20 successes, half after a 429.
 */
export class QueryLimiter {
  #limit = INITIAL_LIMIT;
  #successes = 0;
  /** Grows with each halving; a burst of 429s for queries of one epoch halves once. */
  #epoch = 0;
  readonly #gate = new Gate(() => this.#limit, { reserved: 1 });

  get state(): { limit: number; active: number; waiting: number } {
    return { limit: this.#limit, active: this.#gate.active, waiting: this.#gate.waiting };
  }

  async acquire(priority: Priority, signal?: AbortSignal): Promise<QueryPermit> {
    const giveBack = await this.#gate.acquire(priority, signal);
    const epoch = this.#epoch;
    return {
      release: (outcome) => {
        if (outcome === "success") this.#onSuccess();
        if (outcome === "rate_limited" && epoch === this.#epoch) this.#onRateLimit();
        giveBack();
      },
    };
  }

  #onSuccess(): void {
    this.#successes += 1;
    if (this.#successes < SUCCESSES_PER_STEP || this.#limit >= MAX_LIMIT) return;
    this.#successes = 0;
    this.#limit += 1;
    this.#gate.admit();
  }

  #onRateLimit(): void {
    this.#epoch += 1;
    this.#successes = 0;
    this.#limit = Math.max(1, Math.floor(this.#limit / 2));
  }
}
