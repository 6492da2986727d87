import type { State } from "./state.ts";

/** A function of the state without its first parameter. */
type Bound<F> = F extends (state: State, ...rest: infer Rest) => infer Result
  ? (...rest: Rest) => Result
  : never;

/** Gives every function its first argument, so that callers need not hold the state. */
export function bindAll<T extends Record<string, (state: State, ...rest: never[]) => unknown>>(
  state: State,
  functions: T,
): { [Name in keyof T]: Bound<T[Name]> } {
  const bound = Object.entries(functions).map(([name, one]) => [
    name,
    (...rest: never[]) => one(state, ...rest),
  ]);
  return Object.fromEntries(bound) as { [Name in keyof T]: Bound<T[Name]> };
}
