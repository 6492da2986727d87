import type { Item } from "./model.ts";

/** Compares two items, negative when the first comes first. */
export type Compare = (a: Item, b: Item) => number;

/** By creation, then by id: a total order. */
export const byCreation: Compare = (a, b) =>
  a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : a.id < b.id ? -1 : a.id > b.id ? 1 : 0;

/** By the random end of the id: a total order that is no creation order. */
export const byIdTail: Compare = (a, b) => {
  const [left, right] = [a.id.slice(-12) + a.id, b.id.slice(-12) + b.id];
  return left < right ? -1 : left > right ? 1 : 0;
};

/** Items kept in a total order; sorted when read, since seeds add many items out of order. */
export class SortedItems {
  readonly #compare: Compare;
  readonly #items: Item[] = [];
  #sorted = true;

  constructor(compare: Compare) {
    this.#compare = compare;
  }

  get items(): readonly Item[] {
    return this.#settled();
  }

  add(item: Item): void {
    const last = this.#items.at(-1);
    if (last !== undefined && this.#compare(last, item) > 0) this.#sorted = false;
    this.#items.push(item);
  }

  remove(item: Item): void {
    const index = this.lowerBound((other) => this.#compare(other, item) >= 0);
    if (this.#items[index] === item) this.#items.splice(index, 1);
  }

  /** The first index at which the test holds, for a test that once true stays true along the order. */
  lowerBound(test: (item: Item) => boolean): number {
    const items = this.#settled();
    let [low, high] = [0, items.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const item = items[middle];
      if (item !== undefined && test(item)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #settled(): readonly Item[] {
    if (!this.#sorted) this.#items.sort(this.#compare);
    this.#sorted = true;
    return this.#items;
  }
}
