import type postgres from "postgres";
import type { ObjectName } from "../support/sides/acts.ts";
import type { Ledger } from "../support/sides/ledger.ts";
import { pick } from "../support/sides/values.ts";

/** A way of writing SQL that applications have. */
export interface Statement {
  what: "many-rows" | "whole-row" | "upsert" | "rollback" | "flicker" | "refer" | "edit-new";
  object: ObjectName;
  row: number;
  value: number;
}

/** An application that writes more than one column of one row at a time. */
export class Statements {
  readonly #user: postgres.Sql;
  readonly #ledger: Ledger;

  constructor(user: postgres.Sql, ledger: Ledger) {
    this.#user = user;
    this.#ledger = ledger;
  }

  /** Runs one; what there is nothing for is left out. @throws what PostgreSQL refuses */
  async play({ what, object, row, value }: Statement): Promise<void> {
    const user = this.#user;
    const text = `${what} ${String(this.#ledger.next())}`;
    switch (what) {
      case "many-rows": {
        // Which rows it meets is known afterwards only, so that no ledger could tell what became of each.
        const ids = await user<{ id: string }[]>`
          UPDATE attio.companies SET description = ${text} WHERE _deleted_at IS NULL AND record_id IN (
            SELECT record_id FROM attio.companies ORDER BY record_id OFFSET ${row % 7} LIMIT ${2 + (value % 6)})
          RETURNING record_id AS id`.catch((error: unknown) => this.#uncertain(error));
        for (const { id } of ids) this.#ledger.wrote(id, "description", text);
        return;
      }
      case "whole-row":
        return this.#wholeRow(row, text);
      case "upsert":
        return this.#upsert(row, text);
      case "rollback":
        await user
          .begin(async (tx) => {
            await tx`INSERT INTO attio.companies (name) VALUES (${text})`;
            await tx`UPDATE attio.people SET description = ${text} WHERE _deleted_at IS NULL`;
            throw new RollbackError();
          })
          .catch((error: unknown) => {
            if (!(error instanceof RollbackError)) throw error;
          });
        return;
      case "flicker": {
        const id = crypto.randomUUID();
        await user.begin(async (tx) => {
          await tx`INSERT INTO attio.companies (record_id, name) VALUES (${id}, ${text})`;
          await tx`UPDATE attio.companies SET description = 'for a moment' WHERE record_id = ${id}`;
          await tx`DELETE FROM attio.companies WHERE record_id = ${id}`;
        });
        return;
      }
      case "refer": {
        const company = await this.#pick("companies", value);
        const person = await this.#pick("people", row);
        if (person !== undefined)
          await user`UPDATE attio.people SET company = ${company ?? null} WHERE record_id = ${person}`;
        return;
      }
      case "edit-new": {
        if (object === "deals") return;
        this.#ledger.inserted(text);
        const [made] = await user<{ id: string }[]>`
          INSERT INTO ${user(`attio.${object}`)} (name) VALUES (${text}) RETURNING record_id AS id`;
        await user`UPDATE ${user(`attio.${object}`)} SET description = ${text} WHERE record_id = ${made?.id ?? ""}`;
      }
    }
  }

  async #pick(table: string, row: number): Promise<string | undefined> {
    const rows = await this.#user<{ id: string }[]>`
      SELECT record_id AS id FROM ${this.#user(`attio.${table}`)} WHERE _deleted_at IS NULL ORDER BY 1`;
    return pick(rows, row)?.id;
  }

  /** An ORM writes back every column that it read. */
  async #wholeRow(row: number, text: string): Promise<void> {
    const id = await this.#pick("people", row);
    const [read] = await this.#user<{ job_title: string | null; phone_numbers: string[] | null }[]>`
      SELECT job_title, phone_numbers FROM attio.people WHERE record_id = ${id ?? null}`;
    if (id === undefined || read === undefined) return;
    const changed = await this.#user`
      UPDATE attio.people SET job_title = ${read.job_title}, phone_numbers = ${read.phone_numbers}, description = ${text}
      WHERE record_id = ${id}`.catch((error: unknown) => this.#uncertain(error));
    // It may have got Attio's id since it was read, or have been deleted.
    if (changed.count > 0) this.#ledger.wrote(id, "description", text);
  }

  /** The id is that of a row which there is, or of none yet. */
  async #upsert(row: number, text: string): Promise<void> {
    const id = row % 3 === 0 ? crypto.randomUUID() : await this.#pick("companies", row);
    if (id === undefined) return;
    await this.#user`
      INSERT INTO attio.companies (record_id, name) VALUES (${id}, ${text})
      ON CONFLICT (record_id) DO UPDATE SET description = ${text}`.catch((error: unknown) =>
      this.#uncertain(error),
    );
    this.#ledger.forget(id, "description");
  }

  /** Nobody knows which rows it changed, or whether it did. */
  #uncertain(error: unknown): never {
    this.#ledger.forgetAll("description");
    throw error;
  }
}

class RollbackError extends Error {}
