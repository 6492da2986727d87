import { setTimeout as delay } from "node:timers/promises";
import postgres from "postgres";
import { Pace } from "./pace.ts";

const PAUSE_MS = 20;

/** What was inserted here, so that it is told from what Attio brought. */
const OURS = "Here ";

/** Somebody who edits, inserts and deletes rows of the mirror on a plain connection, at a steady pace. */
export class User {
  readonly #sql: postgres.Sql;
  #operations = 0;
  #isStopped = false;
  #working: Promise<void> = Promise.resolve();

  constructor(databaseUrl: string) {
    this.#sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined });
  }

  get operations(): number {
    return this.#operations;
  }

  start(perSecond: number): void {
    this.#working = this.#work(new Pace(perSecond));
    // Thrown by `stop`, for whoever waits there.
    this.#working.catch(() => undefined);
  }

  /** @throws what went wrong meanwhile */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#working;
  }

  async close(): Promise<void> {
    await this.#sql.end();
  }

  async #work(pace: Pace): Promise<void> {
    while (!this.#isStopped) {
      for (let left = pace.due(); left > 0; left--) await this.#operate(this.#operations++);
      await delay(PAUSE_MS);
    }
  }

  /** Three edits for an insert and a delete: the number of rows stays. */
  async #operate(number: number): Promise<void> {
    const sql = this.#sql;
    switch (number % 5) {
      case 0:
        await sql`INSERT INTO attio.companies (name, domains) VALUES (${`${OURS}${number}`}, ${[`here-${number}.com`]})`;
        return;
      case 1:
        // Those whose insert has reached Attio: to delete the others would cost nothing.
        await sql`
          DELETE FROM attio.companies WHERE record_id = (
            SELECT record_id FROM attio.companies WHERE name LIKE ${`${OURS}%`} AND created_at < now() - interval '5 seconds'
            ORDER BY created_at LIMIT 1)`;
        return;
      case 2:
        await sql`
          UPDATE attio.deals SET value = ${number} WHERE record_id = (
            SELECT record_id FROM attio.deals ORDER BY record_id OFFSET ${number} % (SELECT count(*) FROM attio.deals) LIMIT 1)`;
        return;
      default:
        await sql`
          UPDATE attio.people SET description = ${`edited here, ${number}`} WHERE record_id = (
            SELECT record_id FROM attio.people ORDER BY record_id OFFSET ${number * 7} % (SELECT count(*) FROM attio.people) LIMIT 1)`;
    }
  }
}
