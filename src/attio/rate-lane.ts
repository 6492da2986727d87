import { monotonicMs } from "../lib/clock.ts";
import { Waiters, type Priority } from "./waiters.ts";

/**
 * Grants at a steady rate: a GCRA (a token bucket kept as one timestamp) with a burst of a tenth of a second. Runs on the monotonic
 * clock, so that a wall clock set back can't stop it.
 */
export class RateLane {
  readonly #waiters = new Waiters();
  readonly #intervalMs: number;
  readonly #toleranceMs: number;
  #pausedUntil = -Infinity;
  /** GCRA's theoretical arrival time of the next request. */
  #nextAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  constructor(perSecond: number) {
    if (!(perSecond > 0)) throw new RangeError("A budget must allow more than 0 requests a second");
    this.#intervalMs = 1000 / perSecond;
    const burst = Math.max(1, Math.floor(perSecond / 10));
    this.#toleranceMs = (burst - 1) * this.#intervalMs;
  }

  acquire(priority: Priority, signal?: AbortSignal): Promise<void> {
    const granted = this.#waiters.wait(priority, signal);
    this.#pump();
    return granted;
  }

  pauseFor(pauseMs: number): void {
    const until = monotonicMs() + pauseMs;
    if (until <= this.#pausedUntil) return;
    this.#pausedUntil = until;
    // No burst right after a pause: whoever else shares the limit starts again at the same moment.
    this.#nextAt = Math.max(this.#nextAt, until + this.#toleranceMs);
    this.#pump();
  }

  #pump(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#waiters.size > 0) {
      const now = monotonicMs();
      const waitMs = Math.max(this.#pausedUntil, this.#nextAt - this.#toleranceMs) - now;
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#pump(), Math.ceil(waitMs));
        return;
      }
      this.#nextAt = Math.max(this.#nextAt, now) + this.#intervalMs;
      this.#waiters.wakeNext();
    }
  }
}
