import type { Colleagues, Sandbox } from "../../src/sandbox/index.ts";
import type { Worked } from "./messages.ts";
import { Pace } from "./pace.ts";

const TICK_MS = 50;

/** Things of one kind. */
interface Kind {
  count: () => number;
  /** Removes one of them. */
  remove: () => void;
}

/** Colleagues who remove about as much as they add. */
export class Crowd {
  readonly #sandbox: Sandbox;
  readonly #colleagues: Colleagues;
  readonly #kinds: readonly (Kind & { most: number })[];
  #timer: NodeJS.Timeout | undefined;
  #operations = 0;

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
    this.#colleagues = sandbox.colleagues({ seed: 5 });
    this.#kinds = kindsOf(sandbox).map((kind) => ({ ...kind, most: kind.count() }));
  }

  start(perSecond: number): void {
    const pace = new Pace(perSecond);
    this.#timer = setInterval(() => {
      for (let left = pace.due(); left > 0; left--) this.#operate();
      // It would grow all the time, and with it this process.
      this.#sandbox.log.clear();
    }, TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  worked(): Worked {
    const { deliveries } = this.#sandbox.webhooks;
    return {
      operations: this.#operations,
      things: this.#kinds.reduce((sum, { count }) => sum + count(), 0),
      undelivered: deliveries.filter(({ attempts }) => attempts.at(-1)?.outcome !== 200).length,
    };
  }

  #operate(): void {
    this.#operations++;
    const tooMany = this.#kinds.find(({ count, most }) => count() > most);
    if (tooMany === undefined) this.#colleagues.work(1);
    else tooMany.remove();
  }
}

/** The oldest go first: it is them that nobody is about to edit. */
function kindsOf({ store }: Sandbox): Kind[] {
  const record = (object: string): Kind => ({
    count: () => store.records(object).length,
    remove: () => {
      const [oldest] = store.records(object);
      if (oldest !== undefined) store.deleteRecord(object, oldest.id);
    },
  });
  const lists = store.lists().map((list): Kind => ({
    count: () => list.byTime.items.length,
    remove: () => {
      const [oldest] = list.byTime.items;
      if (oldest !== undefined) store.deleteEntry(list, oldest.id);
    },
  }));
  const notes: Kind = {
    count: () => store.notes().length,
    remove: () => {
      const [oldest] = store.notes();
      if (oldest !== undefined) store.deleteNote(oldest.id);
    },
  };
  const tasks: Kind = {
    count: () => store.tasks().length,
    remove: () => {
      const [oldest] = store.tasks();
      if (oldest !== undefined) store.deleteTask(oldest.id);
    },
  };
  const comments: Kind = {
    count: () => store.comments().length,
    remove: () => {
      const [oldest] = store.comments();
      if (oldest !== undefined) store.deleteComment(oldest.id);
    },
  };
  return [record("people"), record("companies"), record("deals"), ...lists, notes, tasks, comments];
}
