import postgres from "postgres";
import { BENCH_OBJECT } from "../support/sandbox.ts";
import { EDITED } from "./workspace.ts";

/** Somebody who writes to the mirror on a plain connection. */
export class User {
  readonly #sql: postgres.Sql;

  constructor(databaseUrl: string) {
    this.#sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined });
  }

  /** The ids of so many rows. */
  async ids(rows: number): Promise<string[]> {
    const sql = this.#sql;
    const found = await sql<{ id: string }[]>`
      SELECT record_id AS id FROM attio.${sql(BENCH_OBJECT)} ORDER BY record_id LIMIT ${rows}`;
    return found.map(({ id }) => id);
  }

  /** Writes a value in a transaction, and gives when its commit was sent, in milliseconds since the epoch. */
  async edit(id: string, value: number): Promise<number> {
    return this.#sql.begin(async (tx) => {
      await tx`UPDATE attio.${tx(BENCH_OBJECT)} SET ${tx(EDITED)} = ${value} WHERE record_id = ${id}`;
      return Date.now();
    });
  }

  /** Changes all these rows in one statement. */
  async editAll(ids: readonly string[]): Promise<void> {
    const sql = this.#sql;
    await sql`
      UPDATE attio.${sql(BENCH_OBJECT)} SET ${sql(EDITED)} = coalesce(${sql(EDITED)}, 0) + 1
      WHERE record_id = ANY(${ids as string[]}::uuid[])`;
  }

  async value(id: string): Promise<number | undefined> {
    const sql = this.#sql;
    const [row] = await sql<{ value: number }[]>`
      SELECT ${sql(EDITED)} AS value FROM attio.${sql(BENCH_OBJECT)} WHERE record_id = ${id}`;
    return row?.value;
  }

  /** How many changes are still on their way, and how many ended otherwise than in Attio. */
  async changes(): Promise<{ underWay: number; failed: number }> {
    const [row] = await this.#sql<{ underWay: number; failed: number }[]>`
      SELECT count(*) FILTER (WHERE status IN ('pending', 'pushing'))::int AS "underWay",
        count(*) FILTER (WHERE status NOT IN ('pending', 'pushing', 'pushed'))::int AS failed
      FROM attio.changes`;
    return row ?? { underWay: 0, failed: 0 };
  }

  async close(): Promise<void> {
    await this.#sql.end();
  }
}
