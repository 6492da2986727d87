import { setTimeout as delay } from "node:timers/promises";
import postgres from "postgres";
import type { ObjectName } from "../support/sides/acts.ts";
import type { Ledger } from "../support/sides/ledger.ts";
import { pick } from "../support/sides/values.ts";
import { Background } from "./background.ts";

/** An application saves under an id that its row does not have any more. */
export interface SpentIdAct {
  /** As ORMs save: by an upsert, or by an insert of what they take for new. */
  what: "upsert" | "insert";
  object: ObjectName;
  row: number;
  value: number;
}

/** How long a row's settlement is waited for; ids that were spent otherwise are saved under all the same. */
const SETTLED_WITHIN_MS = 20_000;

/** What an upsert changes of a row which there is. */
const CHANGED = { people: "description", companies: "description", deals: "value" } as const;

/** An application that keeps the ids which rows were inserted with, or had before a merge. */
export class SpentIds {
  readonly background = new Background();
  readonly #user: postgres.Sql;
  readonly #ledger: Ledger;
  readonly #memberId: string | null;

  /** @param memberId the owner of new deals */
  constructor(user: postgres.Sql, ledger: Ledger, memberId: string | null) {
    this.#user = user;
    this.#ledger = ledger;
    this.#memberId = memberId;
  }

  /** Inserts a row and begins to wait for its settlement, unless another one is waited for. */
  play(act: SpentIdAct): void {
    this.background.begin(() => this.#play(act));
  }

  async #play({ what, object, row, value }: SpentIdAct): Promise<void> {
    const number = this.#ledger.next();
    const required = object === "deals" && { stage: "Lead", owner: this.#memberId };
    const kept = `kept ${String(number)}`;
    this.#ledger.inserted(kept);
    const [made] = await this.#user<{ id: string }[]>`
      INSERT INTO ${this.#user(`attio.${object}`)} ${this.#user({ name: kept, ...required })} RETURNING record_id AS id`;
    for (let waited = 0; waited < SETTLED_WITHIN_MS && !(await this.#isSpent(made?.id ?? "")); waited += 100)
      await delay(100);
    const name = `saved ${String(number)}`;
    const column = CHANGED[object];
    const next = object === "deals" ? 100 + value : name;
    const saved = await this.#user
      .begin(async (tx) => {
        const table = tx(`attio.${object}`);
        // A row that is there under the old id itself was inserted anew: that id is not spent.
        const spent = await tx<{ old: string; today: string }[]>`
        SELECT old, t.record_id AS today
        FROM (SELECT provisional_id AS old FROM attio.id_map UNION SELECT old_record_id FROM attio.merged_records) AS ids
        JOIN ${table} t ON t.record_id = attio.current_id(old) AND t.record_id <> old AND t._deleted_at IS NULL
        WHERE NOT EXISTS (SELECT FROM ${table} same WHERE same.record_id = old) ORDER BY 1`;
        const chosen = pick(spent, row);
        if (chosen === undefined) return undefined;
        // Nobody may delete it before it is saved, or the id would be free for another record.
        const [held] = await tx`SELECT FROM ${table} WHERE record_id = ${chosen.today} FOR UPDATE`;
        if (held === undefined) return undefined;
        this.#ledger.meantExisting(name);
        const columns = { record_id: chosen.old, name, ...required };
        if (what === "upsert")
          await tx`
          INSERT INTO ${table} ${tx(columns)} ON CONFLICT (record_id) DO UPDATE SET ${tx(column)} = ${next}`;
        else await tx`INSERT INTO ${table} ${tx(columns)}`;
        return chosen.today;
      })
      .catch((error: unknown) => {
        if (what === "upsert") this.#ledger.claims.forgetAll(column);
        // That the row is there already is what such an insert has to hear.
        if (what === "insert" && error instanceof postgres.PostgresError) return undefined;
        throw error;
      });
    if (saved !== undefined && what === "upsert") this.#ledger.claims.is(saved, column, next);
  }

  async #isSpent(id: string): Promise<boolean> {
    const rows = await this.#user`SELECT FROM attio.id_map WHERE provisional_id = ${id}`;
    return rows.length > 0;
  }
}
