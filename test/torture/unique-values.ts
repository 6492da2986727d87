import type postgres from "postgres";
import { memberActor, SandboxError, type Item, type Sandbox } from "../../src/sandbox/index.ts";
import type { Side } from "../support/sides/acts.ts";
import { deleteRow } from "../support/sides/delete-row.ts";
import type { Ledger } from "../support/sides/ledger.ts";
import { pick } from "../support/sides/values.ts";
import { isUniqueViolation } from "./refusal.ts";

/** A unique value that comes into being or goes from one row to another. */
export interface UniqueValueAct {
  /** `heir`: a row is deleted, and another one inserted with its values. `keeper`: the other one has the same id. */
  what: "holder" | "heir" | "keeper" | "hand-over" | "swap";
  side: Side;
  object: "people" | "companies";
  from: number;
  to: number;
  /** Whether all of it is one transaction. */
  isTogether: boolean;
  /** Whether the row that gets the value is written before the one that loses it. */
  isGivenFirst: boolean;
}

/** A row with its unique values. */
interface Holder {
  id: string;
  values: string[];
}

type Query = postgres.Sql | postgres.TransactionSql;

const SLUGS = { people: "email_addresses", companies: "domains" } as const;

/** Addresses and domains that move between rows. */
export class UniqueValues {
  readonly #sandbox: Sandbox;
  readonly #user: postgres.Sql;
  readonly #ledger: Ledger;

  constructor(sandbox: Sandbox, user: postgres.Sql, ledger: Ledger) {
    this.#sandbox = sandbox;
    this.#user = user;
    this.#ledger = ledger;
  }

  /** Does one thing; what there is nothing for is left out. @throws what PostgreSQL refuses */
  async play(act: UniqueValueAct): Promise<void> {
    if (act.side === "here") return this.#here(act);
    try {
      this.#there(act);
    } catch (error) {
      if (!(error instanceof SandboxError)) throw error;
    }
  }

  async #here(act: UniqueValueAct): Promise<void> {
    const { what, object } = act;
    const slug = SLUGS[object];
    const { claims } = this.#ledger;
    if (what === "holder") {
      const number = this.#ledger.next();
      const id = crypto.randomUUID();
      const value =
        object === "people" ? `moving-${String(number)}@mail.com` : `moving-${String(number)}.com`;
      await this.#insert(this.#user, object, { id, values: [value] }, `holder ${String(number)}`);
      claims.holds(id, slug, value);
      return;
    }
    const rows = await this.#user<Holder[]>`
      SELECT record_id AS id, ${this.#user(slug)} AS values FROM ${this.#user(`attio.${object}`)}
      WHERE _deleted_at IS NULL AND ${this.#user(slug)}[1] NOT LIKE 'shared-%' ORDER BY 1`;
    const [from, to] = [pick(rows, act.from), pick(rows, act.to)];
    if (from === undefined || to === undefined) return;
    try {
      if (what === "heir" || what === "keeper") await this.#replace(act, from);
      else if (from.id !== to.id) await this.#move(act, from, to);
    } catch (error) {
      // It may have been committed all the same, or the half of it.
      claims.forgetRow(from.id, to.id);
      claims.forgetMember(slug, ...from.values, ...to.values);
      // A deleted row that is kept (DELETE_MODE=soft) keeps its id.
      if (what !== "keeper" || !isUniqueViolation(error)) throw error;
    }
  }

  async #replace({ what, object, isTogether }: UniqueValueAct, { id, values }: Holder): Promise<void> {
    const heir = { id: what === "keeper" ? id : crypto.randomUUID(), values };
    const name = `${what} ${String(this.#ledger.next())}`;
    await this.#inOneOrMore(isTogether, [
      (sql) => deleteRow(sql, this.#ledger, object, id),
      (sql) => this.#insert(sql, object, heir, name),
    ]);
    for (const value of values) this.#ledger.claims.holds(heir.id, SLUGS[object], value);
  }

  async #move(act: UniqueValueAct, from: Holder, to: Holder): Promise<void> {
    const { what, object, isTogether, isGivenFirst } = act;
    const slug = SLUGS[object];
    const { claims } = this.#ledger;
    const [moved = "", back = ""] = [from.values[0], to.values[0]];
    const isSwap = what === "swap";
    // It may have got Attio's id since it was read.
    const write = (id: string, without: string, given: readonly string[]) => async (sql: Query) => {
      await sql`
        UPDATE ${sql(`attio.${object}`)}
        SET ${sql(slug)} = array_remove(${sql(slug)}, ${without}) || ${given as string[]}::text[]
        WHERE record_id IN (${id}, attio.current_id(${id}))`;
    };
    const losing = write(from.id, moved, isSwap ? [back] : []);
    const winning = write(to.id, isSwap ? back : "", [moved]);
    await this.#inOneOrMore(isTogether || isSwap, isGivenFirst ? [winning, losing] : [losing, winning]);
    claims.holds(to.id, slug, moved);
    if (isSwap) claims.holds(from.id, slug, back);
  }

  /** One transaction, or one for each statement. */
  async #inOneOrMore(isOne: boolean, statements: readonly ((sql: Query) => Promise<void>)[]): Promise<void> {
    if (isOne)
      await this.#user.begin(async (tx) => {
        for (const run of statements) await run(tx);
      });
    else for (const run of statements) await run(this.#user);
  }

  async #insert(sql: Query, object: UniqueValueAct["object"], row: Holder, name: string): Promise<void> {
    const columns = { record_id: row.id, name, [SLUGS[object]]: row.values };
    await sql`INSERT INTO ${sql(`attio.${object}`)} ${sql(columns)}`;
  }

  #there({ what, object, from, to }: UniqueValueAct): void {
    const { store } = this.#sandbox;
    const slug = SLUGS[object];
    const by = { by: memberActor(store.members()[0]?.id ?? "") };
    const holders = store.records(object).filter((item) => this.#valuesOf(item, slug).length > 0);
    const [loser, winner] = [pick(holders, from), pick(holders, to)];
    if (loser === undefined || winner === undefined || loser === winner) return;
    const [moved = "", ...rest] = this.#valuesOf(loser, slug);
    const [back = "", ...others] = this.#valuesOf(winner, slug);
    this.#ledger.claims.forgetMember(slug, moved, back);
    if (what === "heir") {
      this.#ledger.claims.forgetRow(loser.id);
      store.deleteRecord(object, loser.id, by);
      store.createRecord(object, { name: `their ${what}`, [slug]: [moved, ...rest] }, by);
      return;
    }
    const isSwap = what === "swap";
    store.updateItem(loser, { [slug]: rest }, by);
    store.updateItem(winner, { [slug]: isSwap ? [moved, ...others] : [moved, back, ...others] }, by);
    if (isSwap) store.updateItem(loser, { [slug]: [...rest, back] }, by);
  }

  #valuesOf(item: Item, slug: string): string[] {
    return this.#sandbox.store.values(item, slug).active.flatMap(({ fields }) => {
      const all = fields as Record<string, unknown>;
      const value = all["email_address"] ?? all["domain"];
      return typeof value === "string" ? [value] : [];
    });
  }
}
