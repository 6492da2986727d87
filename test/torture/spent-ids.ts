import postgres from "postgres";
import type { ObjectName } from "../support/sides/acts.ts";
import type { Ledger } from "../support/sides/ledger.ts";
import { pick } from "../support/sides/values.ts";

/** An application saves under an id that its row does not have any more. */
export interface SpentIdAct {
  /** As ORMs save: by an upsert, or by an insert of what they take for new. */
  what: "upsert" | "insert";
  object: ObjectName;
  row: number;
  value: number;
}

/** What an upsert changes of a row which there is. */
const CHANGED = { people: "description", companies: "description", deals: "value" } as const;

/** An application that keeps the ids which rows were inserted with, or had before a merge. */
export class SpentIds {
  readonly #user: postgres.Sql;
  readonly #ledger: Ledger;
  readonly #memberId: string | null;

  /** @param memberId the owner of new deals */
  constructor(user: postgres.Sql, ledger: Ledger, memberId: string | null) {
    this.#user = user;
    this.#ledger = ledger;
    this.#memberId = memberId;
  }

  /** Saves once; what there is nothing for is left out. @throws what PostgreSQL refuses an upsert for */
  async play({ what, object, row, value }: SpentIdAct): Promise<void> {
    const number = this.#ledger.next();
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
        const required = object === "deals" && { stage: "Lead", owner: this.#memberId };
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
}
