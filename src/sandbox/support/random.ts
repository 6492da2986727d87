/** A seeded source of chance: equal seeds give equal sequences on every machine. */
export interface Random {
  /** A float in [0, 1). */
  float(): number;
  /** An integer in [0, below). */
  int(below: number): number;
  /** One element of a list that must not be empty. */
  pick<T>(items: readonly T[]): T;
  /** True with the given probability. */
  chance(probability: number): boolean;
  /** A version 4 UUID. */
  uuid(): string;
  /** A new array with the same elements in another order. */
  shuffle<T>(items: readonly T[]): T[];
}

/** Creates a {@link Random}; the generator is sfc32, its 128 bits of state filled from the seed by splitmix32. */
export function createRandom(seed: number): Random {
  const next = sfc32(seed);
  const float = (): number => next() / 4294967296;
  const int = (below: number): number => Math.floor(float() * below);
  return {
    float,
    int,
    chance: (probability) => float() < probability,
    uuid: () => uuidFrom(next(), next(), next(), next()),
    pick: <T>(items: readonly T[]): T => pickFrom(items, int(items.length)),
    shuffle: <T>(items: readonly T[]): T[] => shuffled(items, int),
  };
}

function sfc32(seed: number): () => number {
  const fill = splitmix32(seed);
  let [a, b, c, counter] = [fill(), fill(), fill(), 1];
  return () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
}

function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) | 0;
  };
}

function uuidFrom(a: number, b: number, c: number, d: number): string {
  const hex = [a, (b & 0xffff0fff) | 0x4000, (c & 0x3fffffff) | 0x80000000, d]
    .map((word) => (word >>> 0).toString(16).padStart(8, "0"))
    .join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function pickFrom<T>(items: readonly T[], index: number): T {
  if (items.length === 0) throw new RangeError("cannot pick from an empty list");
  return items[index] as T;
}

function shuffled<T>(items: readonly T[], int: (below: number) => number): T[] {
  const copy = [...items];
  for (let last = copy.length - 1; last > 0; last--) {
    const other = int(last + 1);
    [copy[last], copy[other]] = [copy[other] as T, copy[last] as T];
  }
  return copy;
}
