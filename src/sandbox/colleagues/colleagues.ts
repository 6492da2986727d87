import { createRandom } from "../support/random.ts";
import type { SandboxStore } from "../store/store.ts";
import { RECORD_ACTIONS, someMember, type Scene } from "./actions.ts";
import { PAPERWORK_ACTIONS } from "./paperwork.ts";

/** How colleagues work. */
export interface ColleaguesOptions {
  /** Pieces of work a second once started; 5 if left out. */
  perSecond?: number;
  /** Equal seeds on equal workspaces do equal work. */
  seed?: number;
}

/** People who work in the workspace while the mirror follows. */
export interface Colleagues {
  /** Pieces of work done so far. */
  readonly done: number;
  /** Does so many pieces of work at once. */
  work(count: number): void;
  /** Works at the given rate until stopped. */
  start(): void;
  stop(): void;
}

const ACTIONS = [...RECORD_ACTIONS, ...PAPERWORK_ACTIONS];
const TOTAL_WEIGHT = ACTIONS.reduce((sum, [weight]) => sum + weight, 0);
/** Nothing to delete, no deals: another piece of work is tried instead. */
const MAX_TRIES = 20;
const TICK_MS = 50;

/** Creates colleagues, who rest until told to work. */
export function createColleagues(store: SandboxStore, options: ColleaguesOptions = {}): Colleagues {
  const { perSecond = 5, seed = 1 } = options;
  const random = createRandom(seed);
  let done = 0;
  let number = 0;
  let timer: NodeJS.Timeout | undefined;
  const scene: Scene = { store, random, nextNumber: () => seed * 1_000_000 + number++ };

  function work(count: number): void {
    for (let index = 0; index < count; index++) if (workOnce(scene)) done++;
  }

  function start(): void {
    if (timer !== undefined) return;
    const startedAt = Date.now();
    let attempted = 0;
    timer = setInterval(() => {
      const due = Math.floor(((Date.now() - startedAt) / 1000) * perSecond);
      work(due - attempted);
      attempted = due;
    }, TICK_MS);
    timer.unref();
  }

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
  }

  return {
    get done() {
      return done;
    },
    work,
    start,
    stop,
  };
}

function workOnce(scene: Scene): boolean {
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    if (chooseAction(scene)(scene, someMember(scene))) return true;
  }
  return false;
}

function chooseAction({ random }: Scene): (typeof ACTIONS)[number][1] {
  let left = random.int(TOTAL_WEIGHT);
  for (const [weight, action] of ACTIONS) {
    if (left < weight) return action;
    left -= weight;
  }
  return () => false;
}
