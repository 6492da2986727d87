import type postgres from "postgres";
import { memberActor, SandboxError, type Sandbox } from "../../src/sandbox/index.ts";
import type { Side } from "../support/sides/acts.ts";
import type { Ledger } from "../support/sides/ledger.ts";
import { pickRow } from "../support/sides/pick-row.ts";
import { pick } from "../support/sides/values.ts";

/** A name or a place that is written in part. */
export interface PartAct {
  what: "insert" | "edit";
  of: "name" | "place";
  side: Side;
  row: number;
  /** Which of the parts. */
  part: number;
  value: number;
}

/** Parts of both values: the column, and the field that Attio has for it. */
const PARTS = {
  name: [
    { column: "name_first", field: "name.first_name" },
    { column: "name_last", field: "name.last_name" },
  ],
  place: [
    { column: "primary_location_locality", field: "primary_location.locality" },
    { column: "primary_location_line_1", field: "primary_location.line_1" },
    { column: "primary_location_country_code", field: "primary_location.country_code" },
  ],
} as const;

const COUNTRIES = ["SE", "NO", "DK", "FI"];

/** Names of people and places of companies, of which a write names some parts alone. */
export class Parts {
  readonly #sandbox: Sandbox;
  readonly #user: postgres.Sql;
  readonly #ledger: Ledger;

  constructor(sandbox: Sandbox, user: postgres.Sql, ledger: Ledger) {
    this.#sandbox = sandbox;
    this.#user = user;
    this.#ledger = ledger;
  }

  /** Does one thing; what there is nothing for is left out. @throws what PostgreSQL refuses */
  async play(act: PartAct): Promise<void> {
    if (act.side === "here") return act.what === "insert" ? this.#insert(act) : this.#edit(act);
    try {
      this.#there(act);
    } catch (error) {
      if (!(error instanceof SandboxError)) throw error;
    }
  }

  /** With and without a unique value; a place alone would leave the record without a name to know it by. */
  async #insert({ of, part, value }: PartAct): Promise<void> {
    const number = this.#ledger.next();
    const parts = this.#written(of, part, number, 1 + (value % PARTS[of].length));
    const [table, key] = of === "name" ? ["people", "email_addresses"] : ["companies", "domains"];
    const unique = of === "name" ? `part-${String(number)}@mail.com` : `part-${String(number)}.com`;
    const columns = {
      ...Object.fromEntries(parts.map(({ column, written }) => [column, written])),
      ...(of === "place" && { name: `place ${String(number)}` }),
      ...(value % 2 === 0 && { [key]: [unique] }),
    };
    const [row] = await this.#user<{ id: string }[]>`
      INSERT INTO ${this.#user(`attio.${table}`)} ${this.#user(columns)} RETURNING record_id AS id`;
    for (const { field, written } of parts) this.#ledger.claims.is(row?.id ?? "", field, written);
  }

  async #edit({ of, row, part }: PartAct): Promise<void> {
    const table = of === "name" ? "people" : "companies";
    const id = await pickRow(this.#user, table, row);
    const [chosen] = this.#written(of, part, this.#ledger.next(), 1);
    if (id === undefined || chosen === undefined) return;
    const { column, field, written } = chosen;
    const changed = await this.#user`
      UPDATE ${this.#user(`attio.${table}`)} SET ${this.#user(column)} = ${written}
      WHERE record_id = ${id} AND ${this.#user(column)} IS DISTINCT FROM ${written}`.catch(
      (error: unknown) => {
        this.#ledger.claims.forget(id, field);
        throw error;
      },
    );
    if (changed.count > 0) this.#ledger.claims.is(id, field, written);
  }

  /** Some of the parts, with what is written into each. */
  #written(of: PartAct["of"], from: number, number: number, count: number) {
    const parts = PARTS[of];
    return Array.from({ length: count }, (_, place) => {
      const { column, field } = parts[(from + place) % parts.length] ?? parts[0];
      const country = COUNTRIES[number % COUNTRIES.length] ?? "SE";
      return { column, field, written: column.endsWith("code") ? country : `Part${String(number)}` };
    });
  }

  #there({ of, row, value }: PartAct): void {
    const { store } = this.#sandbox;
    const by = { by: memberActor(store.members()[0]?.id ?? "") };
    const item = pick(store.records(of === "name" ? "people" : "companies"), row);
    if (item === undefined) return;
    const slug = of === "name" ? "name" : "primary_location";
    this.#ledger.claims.forget(item.id, slug);
    const [first, last] = [`Their${String(value)}`, `Name${String(value)}`];
    const blank = { line_2: null, line_3: null, line_4: null, region: null, postcode: null };
    const spot = { line_1: first, locality: last, country_code: "GB", latitude: null, longitude: null };
    const next =
      of === "name"
        ? { first_name: first, last_name: last, full_name: `${first} ${last}` }
        : { ...blank, ...spot };
    store.updateItem(item, { [slug]: next }, by);
  }
}
