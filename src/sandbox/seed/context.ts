import { createRandom, type Random } from "../support/random.ts";
import { toTime, type Time } from "../support/time.ts";
import { memberActor, SYSTEM } from "../store/state.ts";
import type { Actor, Item } from "../store/model.ts";
import type { Member } from "../store/resources.ts";
import type { SandboxStore } from "../store/store.ts";

/** When the company began to use the workspace, and the day on which the seed ends. */
export const BEGAN_MS = Date.parse("2023-02-01T08:00:00.000Z");
/** Everything seeded happened before. */
export const ENDED_MS = Date.parse("2026-05-01T18:00:00.000Z");

/** What the parts of a seed share. */
export interface SeedContext {
  readonly store: SandboxStore;
  readonly random: Random;
  readonly members: Member[];
  readonly people: Item[];
  readonly companies: Item[];
  readonly deals: Item[];
}

/** Creates the context of a seed that is about to begin. */
export function createContext(store: SandboxStore, seed: number): SeedContext {
  const random = createRandom(seed * 31 + 7);
  return { store, random, members: [], people: [], companies: [], deals: [] };
}

/** A time in the life of the workspace, with milliseconds. */
export function someTime({ random }: SeedContext, fromMs = BEGAN_MS, toMs = ENDED_MS): Time {
  return toTime(fromMs + random.int(toMs - fromMs));
}

/** Mostly a colleague, now and then Attio itself. */
export function someActor({ random, members }: SeedContext): Actor {
  return random.chance(0.15) || members.length === 0 ? SYSTEM : memberActor(random.pick(members).id);
}

/** The value, or nothing with the given probability. */
export function maybe<T>({ random }: SeedContext, probability: number, value: () => T): T | undefined {
  return random.chance(probability) ? value() : undefined;
}

/** Up to `most` different elements. */
export function some<T>({ random }: SeedContext, items: readonly T[], most: number): T[] {
  if (items.length <= most * 2) return random.shuffle(items).slice(0, random.int(most + 1));
  const chosen = new Set<T>();
  const count = random.int(most + 1);
  while (chosen.size < count) chosen.add(random.pick(items));
  return [...chosen];
}
