/** Ids in one `$in`: no limit is documented, so it is found out (design section 6). */
const START = 100;
const MOST = 500;
const LEAST = 10;
/** Queries of the present size that must succeed before a larger one is tried. */
const PATIENCE = 3;

/** How many ids a query names: grows while Attio accepts it, halves when it does not. */
export class BatchSize {
  #size = START;
  #accepted = 0;

  get size(): number {
    return this.#size;
  }

  accepted(): void {
    this.#accepted += 1;
    if (this.#accepted < PATIENCE) return;
    this.#accepted = 0;
    this.#size = Math.min(MOST, this.#size + START);
  }

  refused(): void {
    this.#accepted = 0;
    this.#size = Math.max(LEAST, Math.floor(this.#size / 2));
  }
}
