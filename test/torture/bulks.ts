import type postgres from "postgres";
import type { Ledger } from "../support/sides/ledger.ts";
import { pickRow } from "../support/sides/pick-row.ts";

/** Many rows of one transaction, or one row beside them. */
export interface BulkAct {
  what: "insert" | "update" | "delete" | "single";
  row: number;
  value: number;
}

/** Rows of all inserts together: above a thousand that wait the mirror would hold them back. */
const MAX_INSERTED = 400;

/** Rows of one delete: above a hundred that wait the mirror would hold them back. */
const MAX_DELETED = 25;

/** Imports, and whoever edits a row meanwhile. They have projects to themselves, so that the others meet as often as without. */
export class Bulks {
  readonly #user: postgres.Sql;
  readonly #ledger: Ledger;
  #inserted = 0;

  constructor(user: postgres.Sql, ledger: Ledger) {
    this.#user = user;
    this.#ledger = ledger;
  }

  /** Writes once. @throws what PostgreSQL refuses */
  async play({ what, row, value }: BulkAct): Promise<void> {
    const text = `${what} ${String(this.#ledger.next())}`;
    switch (what) {
      case "insert":
        return this.#insert(text, 100 + (value % 100), value % 2 === 0);
      case "update":
        return this.#update(text);
      case "delete":
        return this.#delete(row);
      case "single": {
        const id = await pickRow(this.#user, "projects", row);
        if (id === undefined) return;
        await this.#user`UPDATE attio.projects SET notes_text = ${text} WHERE record_id = ${id}`.catch(
          (error: unknown) => this.#uncertain(error),
        );
        this.#ledger.claims.is(id, "notes_text", text);
      }
    }
  }

  async #insert(text: string, count: number, isKeyed: boolean): Promise<void> {
    if (this.#inserted + count > MAX_INSERTED) return;
    this.#inserted += count;
    const marks = Array.from({ length: count }, (_, place) => `${text} ${String(place)}`);
    for (const mark of marks) this.#ledger.inserted(mark);
    await this.#user`
      INSERT INTO attio.projects (name, key)
      SELECT mark, CASE WHEN ${isKeyed} THEN mark END FROM unnest(${marks}::text[]) AS t(mark)`;
  }

  async #update(text: string): Promise<void> {
    const rows = await this.#user<{ id: string }[]>`
      UPDATE attio.projects SET notes_text = ${text} WHERE _deleted_at IS NULL RETURNING record_id AS id`.catch(
      (error: unknown) => this.#uncertain(error),
    );
    for (const { id } of rows) this.#ledger.claims.is(id, "notes_text", text);
  }

  async #delete(row: number): Promise<void> {
    const rows = await this.#user<{ id: string }[]>`
      DELETE FROM attio.projects WHERE record_id IN (
        SELECT record_id FROM attio.projects WHERE name LIKE 'insert %' AND _deleted_at IS NULL
        ORDER BY name OFFSET ${row % 50} LIMIT ${MAX_DELETED})
      RETURNING record_id AS id`.catch((error: unknown) => this.#uncertain(error));
    this.#ledger.claims.forgetRow(...rows.map(({ id }) => id));
  }

  /** Nobody knows which rows it changed, or whether it did. */
  #uncertain(error: unknown): never {
    this.#ledger.claims.forgetAll("notes_text");
    this.#ledger.claims.forgetAll("subject");
    this.#ledger.claims.forgetAll("subjects");
    throw error;
  }
}
