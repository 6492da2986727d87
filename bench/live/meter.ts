import { setTimeout as delay } from "node:timers/promises";
import type { Sql } from "../../src/db/index.ts";
import { BENCH_OBJECT } from "../support/sandbox.ts";
import { EDITED, valueOf } from "./edits.ts";

/** How often rows are looked at: what is measured is too long by half of that. */
const LOOK_MS = 10;

/** Edits that are looked for at a time: two seconds' worth, so that a look costs some look-ups by key. */
const AHEAD = 50;

/** Notes when edits can be seen in Postgres, on a connection of its own. */
export class Meter {
  readonly #sql: Sql;
  readonly #ids: readonly string[];
  readonly #arrivedAtMs = new Map<number, number>();
  #oldest: number;
  #isStopped = false;
  readonly #looking: Promise<void>;

  /** @param from the number of the first edit that will be made */
  constructor(sql: Sql, ids: readonly string[], from: number) {
    this.#sql = sql;
    this.#ids = ids;
    this.#oldest = from;
    this.#looking = this.#lookAgainAndAgain();
  }

  /** When an edit was there, in milliseconds since the epoch; undefined if it is not yet. */
  arrivedAtMs(edit: number): number | undefined {
    return this.#arrivedAtMs.get(edit);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#looking;
  }

  async #lookAgainAndAgain(): Promise<void> {
    while (!this.#isStopped) {
      await this.#look();
      await delay(LOOK_MS);
    }
  }

  async #look(): Promise<void> {
    const awaited = new Map<string, number>();
    for (let edit = this.#oldest; edit < this.#oldest + AHEAD; edit++)
      if (!this.#arrivedAtMs.has(edit)) awaited.set(this.#ids[edit % this.#ids.length] ?? "", edit);
    const rows = await this.#sql<{ id: string; value: number | null }[]>`
      SELECT record_id AS id, ${this.#sql(EDITED)} AS value
      FROM attio.${this.#sql(BENCH_OBJECT)} WHERE record_id = ANY(${[...awaited.keys()]}::uuid[])`;
    const now = Date.now();
    for (const { id, value } of rows) {
      const edit = awaited.get(id);
      if (edit !== undefined && value === valueOf(edit)) this.#arrivedAtMs.set(edit, now);
    }
    while (this.#arrivedAtMs.has(this.#oldest)) this.#oldest++;
  }
}
