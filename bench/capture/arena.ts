import postgres from "postgres";
import type { Database, Tx } from "../../src/db/index.ts";
import { markSync } from "../../src/db/locks.ts";
import { preparePages, writePages, type Pages } from "./pages.ts";
import { SINGLE_ROWS, type Statement } from "./statements.ts";
import { BARE, copyTables, countCaptured, OPEN, readIds, restore } from "./tables.ts";

/** Times of one statement on both tables, in milliseconds; what stands at the same place was measured in the same round. */
export interface Times {
  open: number[];
  bare: number[];
}

/** The two tables, and who writes to them. */
export class Arena {
  readonly #daemon: Database;
  readonly #user: postgres.Sql;
  readonly #ids: readonly string[];
  readonly #pages: Pages;

  private constructor(daemon: Database, user: postgres.Sql, rows: { ids: readonly string[]; pages: Pages }) {
    this.#daemon = daemon;
    this.#user = user;
    this.#ids = rows.ids;
    this.#pages = rows.pages;
  }

  /** @param daemon a pool on a database whose mirror is open for local writes */
  static async open(daemon: Database): Promise<Arena> {
    await copyTables(daemon.sql);
    const user = postgres(daemon.url, { max: 1, onnotice: () => undefined });
    const ids = await readIds(daemon.sql, SINGLE_ROWS);
    return new Arena(daemon, user, { ids, pages: await preparePages(daemon.sql) });
  }

  /** Runs it on both tables, the first time unmeasured; which of them comes first alternates. */
  async measure(statement: Statement, rounds: number): Promise<Times> {
    const times: Times = { open: [], bare: [] };
    for (let round = 0; round <= rounds; round++) {
      const tables = round % 2 === 0 ? [OPEN, BARE] : [BARE, OPEN];
      for (const table of tables) {
        const ms = await this.#time(statement, table);
        if (round > 0) times[table === OPEN ? "open" : "bare"].push(ms);
      }
    }
    return times;
  }

  /** The plan of a user's statement on the open table, which is changed by it. */
  async explain({ text }: Statement): Promise<string> {
    if (text === "pages") throw new Error("pages have no plan of their own");
    await restore(this.#daemon.sql, OPEN);
    const lines = await this.#user.unsafe<{ "QUERY PLAN": string }[]>(
      `EXPLAIN (ANALYZE, BUFFERS) ${text(`attio.${OPEN}`)}`,
    );
    return lines.map((line) => `${line["QUERY PLAN"]}\n`).join("");
  }

  async close(): Promise<void> {
    await this.#user.end();
  }

  /** From the statement's text to the answer to its commit. */
  async #time({ title, by, isCaptured, text }: Statement, table: string): Promise<number> {
    const { sql } = this.#daemon;
    await restore(sql, table);
    const beganMs = performance.now();
    if (by === "user" && text !== "pages") await this.#run(this.#user, text(`attio.${table}`));
    else
      await sql.begin(async (tx) => {
        await markSync(tx);
        await (text === "pages" ? writePages(tx, table, this.#pages) : this.#run(tx, text(`attio.${table}`)));
      });
    const ms = performance.now() - beganMs;
    const captured = await countCaptured(sql);
    if (captured > 0 !== (isCaptured && table === OPEN))
      throw new Error(`${title} by the ${by}: ${captured} changes were captured of ${table}`);
    return ms;
  }

  async #run(sql: postgres.Sql | Tx, text: string): Promise<void> {
    if (text.includes("$1")) for (const id of this.#ids) await sql.unsafe(text, [id], { prepare: true });
    else await sql.unsafe(text);
  }
}
