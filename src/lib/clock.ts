/** Where the current time comes from; an argument everywhere, so that tests can hold it still. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** Milliseconds that only ever grow, whatever happens to the wall clock; good for differences alone. */
export function monotonicMs(): number {
  return performance.now();
}
