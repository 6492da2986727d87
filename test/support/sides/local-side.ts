import type postgres from "postgres";
import type { Sandbox } from "../../../src/sandbox/index.ts";
import type { Act, ObjectName } from "./acts.ts";
import { deleteRow } from "./delete-row.ts";
import type { Ledger } from "./ledger.ts";
import { pickRow } from "./pick-row.ts";
import { fieldOf, keyOf, valueOf } from "./values.ts";

/** What an application does in SQL. */
export class LocalSide {
  readonly #user: postgres.Sql;
  readonly #ledger: Ledger;
  readonly #memberId: string | null;

  /** @param user the application's own connection */
  constructor(sandbox: Sandbox, user: postgres.Sql, ledger: Ledger) {
    this.#user = user;
    this.#ledger = ledger;
    this.#memberId = sandbox.store.members()[0]?.id ?? null;
  }

  /** Does one thing; what there is nothing for is left out. @throws what PostgreSQL refuses */
  async play(act: Act): Promise<void> {
    switch (act.kind) {
      case "edit":
        return this.#edit(act);
      case "add":
        return this.#add(act);
      case "add-pair":
        return this.#addPair();
      case "enter":
        return this.#enter(act.row, act.value);
      case "move":
        return this.#move(act.row, act.value);
      case "leave":
        return this.#leave(act.row);
      case "remove":
        return this.#remove(act.object, act.row);
      case "merge":
      case "rename":
        throw new Error(`${act.kind} is done in Attio alone`);
    }
  }

  async #edit(act: Act & { kind: "edit" }): Promise<void> {
    const { slug, values } = fieldOf(act);
    const id = await pickRow(this.#user, act.object, act.row);
    if (id === undefined) return;
    const next = valueOf(act, values === undefined ? await this.#titles(act.object, slug) : []);
    // What is there already is no change: somebody may have made another one there, unseen.
    const changed = await this.#user`
      UPDATE ${this.#user(`attio.${act.object}`)} SET ${this.#user(slug)} = ${next as string}
      WHERE record_id = ${id} AND ${this.#user(slug)} IS DISTINCT FROM ${next as string}`.catch(
      (error: unknown) => {
        // It may have been committed all the same.
        this.#ledger.claims.forget(id, slug);
        throw error;
      },
    );
    if (changed.count > 0 && values !== undefined && slug !== "phone_numbers")
      this.#ledger.claims.is(id, slug, next);
  }

  async #titles(object: string, slug: string): Promise<string[]> {
    const table = slug === "stage" ? "statuses" : "select_options";
    const rows = await this.#user<{ title: string }[]>`
      SELECT c.title FROM ${this.#user(`attio.${table}`)} c JOIN attio.attributes a USING (attribute_id)
      JOIN attio.objects o ON o.object_id = a.object_id WHERE a.api_slug = ${slug} AND o.api_slug = ${object} ORDER BY 1`;
    return rows.map(({ title }) => title);
  }

  async #add({ object, value, isKeyed }: Act & { kind: "add" }): Promise<void> {
    const number = this.#ledger.next();
    const mark = `mark ${String(number)}`;
    const key = isKeyed ? keyOf(object, number, value) : undefined;
    if (key?.isShared !== true) this.#ledger.inserted(mark);
    const required = object === "deals" && { stage: "Lead", owner: this.#memberId };
    const row = { name: mark, ...required, ...(key && { [key.slug]: [key.value] }) };
    await this.#user`INSERT INTO ${this.#user(`attio.${object}`)} ${this.#user(row)}`;
  }

  /** A company and people that point at it, in one transaction, in either order. */
  async #addPair(): Promise<void> {
    const [id, number] = [crypto.randomUUID(), this.#ledger.next()];
    for (const word of ["early", "pair", "late"]) this.#ledger.inserted(`${word} ${String(number)}`);
    await this.#user.begin(async (tx) => {
      await tx`INSERT INTO attio.people (name, company) VALUES (${`early ${String(number)}`}, ${id})`;
      await tx`INSERT INTO attio.companies (record_id, name) VALUES (${id}, ${`pair ${String(number)}`})`;
      await tx`INSERT INTO attio.people (name, company) VALUES (${`late ${String(number)}`}, ${id})`;
    });
  }

  async #enter(row: number, value: number): Promise<void> {
    const id = await pickRow(this.#user, "companies", row);
    if (id === undefined) return;
    await this.#user`
      INSERT INTO attio.list_sales (parent_object, parent_record_id, remark)
      VALUES ('companies', ${id}, ${`remark ${String(value)}`})`;
  }

  async #move(row: number, value: number): Promise<void> {
    const id = await pickRow(this.#user, "list_sales", row, "entry_id");
    if (id !== undefined)
      await this
        .#user`UPDATE attio.list_sales SET remark = ${`moved ${String(value)}`} WHERE entry_id = ${id}`;
  }

  async #leave(row: number): Promise<void> {
    const id = await pickRow(this.#user, "list_sales", row, "entry_id");
    if (id !== undefined) await this.#user`DELETE FROM attio.list_sales WHERE entry_id = ${id}`;
  }

  async #remove(object: ObjectName, row: number): Promise<void> {
    const id = await pickRow(this.#user, object, row);
    if (id !== undefined) await deleteRow(this.#user, this.#ledger, object, id);
  }
}
