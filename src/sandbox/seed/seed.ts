import { toTime } from "../support/time.ts";
import type { SandboxStore } from "../store/store.ts";
import { seedActivity } from "./activity.ts";
import { createContext, ENDED_MS } from "./context.ts";
import { seedCompanies, seedDeals, seedPeople } from "./crm.ts";
import { seedLists } from "./lists.ts";
import { seedMembers } from "./members.ts";
import { seedProductUsers } from "./product-users.ts";
import { createStandardObjects } from "./standard.ts";
import { seedTraps } from "./traps.ts";

/** How large the seeded company is. Equal seeds give equal workspaces, ids and times included. */
export interface SeedOptions {
  people: number;
  companies: number;
  deals: number;
  seed: number;
  /** How many people are created in one and the same millisecond; 0 if left out. */
  sameMillisecond?: number;
}

/** A small company that has some of everything. */
export const DEFAULT_SEED: SeedOptions = {
  people: 120,
  companies: 40,
  deals: 60,
  seed: 1,
  sameMillisecond: 30,
};

/** Fills a store with the standard objects and, unless it shall be empty, with a company's life. */
export function seedStore(store: SandboxStore, options: SeedOptions | "empty"): void {
  const { state } = store;
  const present = state.now;
  state.now = () => toTime(ENDED_MS);
  const context = createContext(store, options === "empty" ? 1 : options.seed);
  seedMembers(context);
  createStandardObjects(store, { withOptional: options !== "empty" });
  if (options !== "empty") {
    seedCompanies(context, options.companies);
    seedPeople(context, options.people, options.sameMillisecond ?? 0);
    seedDeals(context, options.deals);
    seedProductUsers(context, Math.ceil(options.people / 10));
    seedTraps(context);
    seedLists(context);
    seedActivity(context);
  }
  state.now = present;
}
