import { parseHttpDate } from "./retry-after.ts";

/**
 * Estimates how far Attio's clock is ahead of ours. A `Date` header is cut to whole seconds, so each answer only bounds the offset;
 * the bounds of many answers together narrow it to their round trip.
 */
export class ServerClock {
  #low = -Infinity;
  #high = Infinity;

  /** Milliseconds to add to our clock to get Attio's; null before the first answer. */
  get offsetMs(): number | null {
    return Number.isFinite(this.#low) ? (this.#low + this.#high) / 2 : null;
  }

  /** Takes one answer: when its request was sent and its headers came, on our clock, and what its `Date` says. */
  observe(
    dateHeader: string | undefined,
    { sentAt, receivedAt }: { sentAt: number; receivedAt: number },
  ): void {
    const date = parseHttpDate(dateHeader);
    if (date === undefined) return;
    const low = date - receivedAt;
    const high = date + 1000 - sentAt;
    const disjoint = low > this.#high || high < this.#low;
    // One of the clocks was set: what was known before is void.
    this.#low = disjoint ? low : Math.max(this.#low, low);
    this.#high = disjoint ? high : Math.min(this.#high, high);
  }
}
