import type postgres from "postgres";
import type { ObjectName } from "../support/sides/acts.ts";
import { deleteRow } from "../support/sides/delete-row.ts";
import type { Ledger } from "../support/sides/ledger.ts";
import { pickRow } from "../support/sides/pick-row.ts";
import { isUniqueViolation } from "./refusal.ts";

/** A way of writing SQL that applications have. */
export interface Statement {
  what: "many-rows" | "whole-row" | "upsert" | "rollback" | "flicker" | "refer" | "edit-new" | "replace";
  object: ObjectName;
  row: number;
  value: number;
}

/** An application that writes more than one column of one row at a time. */
export class Statements {
  readonly #user: postgres.Sql;
  readonly #ledger: Ledger;

  readonly #memberId: string | null;

  /** @param memberId the owner of new deals */
  constructor(user: postgres.Sql, ledger: Ledger, memberId: string | null) {
    this.#user = user;
    this.#ledger = ledger;
    this.#memberId = memberId;
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
        for (const { id } of ids) this.#ledger.claims.is(id, "description", text);
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
        const company = await pickRow(this.#user, "companies", value);
        const person = await pickRow(this.#user, "people", row);
        if (person !== undefined)
          await user`UPDATE attio.people SET company = ${company ?? null} WHERE record_id = ${person}`;
        return;
      }
      case "replace":
        return this.#replace(object, row, value, text);
      case "edit-new": {
        if (object === "deals") return;
        this.#ledger.inserted(text);
        const [made] = await user<{ id: string }[]>`
          INSERT INTO ${user(`attio.${object}`)} (name) VALUES (${text}) RETURNING record_id AS id`;
        await user`UPDATE ${user(`attio.${object}`)} SET description = ${text} WHERE record_id = ${made?.id ?? ""}`;
      }
    }
  }

  /** An ORM writes back every column that it read. */
  async #wholeRow(row: number, text: string): Promise<void> {
    const id = await pickRow(this.#user, "people", row);
    const [read] = await this.#user<{ job_title: string | null; phone_numbers: string[] | null }[]>`
      SELECT job_title, phone_numbers FROM attio.people WHERE record_id = ${id ?? null}`;
    if (id === undefined || read === undefined) return;
    const changed = await this.#user`
      UPDATE attio.people SET job_title = ${read.job_title}, phone_numbers = ${read.phone_numbers}, description = ${text}
      WHERE record_id = ${id}`.catch((error: unknown) => this.#uncertain(error));
    // It may have got Attio's id since it was read, or have been deleted.
    if (changed.count > 0) this.#ledger.claims.is(id, "description", text);
  }

  /** The id is that of a row which there is, or of none yet. */
  async #upsert(row: number, text: string): Promise<void> {
    const id = row % 3 === 0 ? crypto.randomUUID() : await pickRow(this.#user, "companies", row);
    if (id === undefined) return;
    await this.#user`
      INSERT INTO attio.companies (record_id, name) VALUES (${id}, ${text})
      ON CONFLICT (record_id) DO UPDATE SET description = ${text}`.catch((error: unknown) =>
      this.#uncertain(error),
    );
    this.#ledger.claims.forget(id, "description");
  }

  /** The old record goes, and another one comes under its id; in one transaction or two. */
  async #replace(object: ObjectName, row: number, value: number, text: string): Promise<void> {
    const id = await pickRow(this.#user, object, row);
    if (id === undefined) return;
    const required = object === "deals" && { stage: "Lead", owner: this.#memberId };
    const insert = (sql: postgres.Sql | postgres.TransactionSql) =>
      sql`INSERT INTO ${sql(`attio.${object}`)} ${sql({ record_id: id, name: text, ...required })}`;
    this.#ledger.inserted(text);
    try {
      if (value % 2 === 0)
        await this.#user.begin(async (tx) => {
          await deleteRow(tx, this.#ledger, object, id);
          await insert(tx);
        });
      else {
        await deleteRow(this.#user, this.#ledger, object, id);
        await insert(this.#user);
      }
    } catch (error) {
      // A deleted row that is kept (DELETE_MODE=soft) keeps its id.
      if (!isUniqueViolation(error)) throw error;
    }
  }

  /** Nobody knows which rows it changed, or whether it did. */
  #uncertain(error: unknown): never {
    this.#ledger.claims.forgetAll("description");
    throw error;
  }
}

class RollbackError extends Error {}
