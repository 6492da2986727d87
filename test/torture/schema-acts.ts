import type postgres from "postgres";
import { memberActor, SandboxError, type Attribute, type Sandbox } from "../../src/sandbox/index.ts";
import type { Side } from "../support/sides/acts.ts";
import { pick } from "../support/sides/values.ts";

/** A change of the companies' attributes, or a value of one that was added. */
export interface SchemaAct {
  what:
    | "add-attribute"
    | "rename-attribute"
    | "archive-attribute"
    | "restore-attribute"
    | "add-option"
    | "archive-option"
    | "edit";
  side: Side;
  row: number;
  value: number;
}

/** Attributes that are added while the mirror runs are named so. */
const EXTRA = "extra_";
const TYPES = ["text", "number", "select"] as const;

/** Somebody who keeps changing what a company has. */
export class SchemaChanges {
  readonly #sandbox: Sandbox;
  readonly #user: postgres.Sql;
  #number = 0;

  constructor(sandbox: Sandbox, user: postgres.Sql) {
    this.#sandbox = sandbox;
    this.#user = user;
  }

  /** Does one thing; what there is nothing for is left out. */
  async play(act: SchemaAct): Promise<void> {
    if (act.what === "edit" && act.side === "here") return this.#editHere(act);
    try {
      this.#there(act);
    } catch (error) {
      if (!(error instanceof SandboxError)) throw error;
    }
  }

  #there({ what, row, value }: SchemaAct): void {
    const { store } = this.#sandbox;
    const by = { by: memberActor(store.members()[0]?.id ?? "") };
    if (what === "add-attribute") {
      if (this.#extras().length >= 6) return;
      const type = TYPES[value % TYPES.length] ?? "text";
      const slug = `${EXTRA}${String(++this.#number)}`;
      const choices = type === "select" && { choices: ["One", "Two"], isMultiselect: value % 2 === 0 };
      store.createAttribute("companies", { slug, type, ...choices }, by);
      return;
    }
    const attribute = pick(this.#extras(), value);
    if (attribute === undefined) return;
    switch (what) {
      case "rename-attribute":
        store.updateAttribute("companies", attribute.id, { slug: `${EXTRA}${String(++this.#number)}` }, by);
        return;
      case "archive-attribute":
      case "restore-attribute":
        store.updateAttribute("companies", attribute.id, { isArchived: what === "archive-attribute" }, by);
        return;
      case "add-option":
        if (attribute.type === "select")
          store.createOption("companies", attribute.id, `Choice ${String(++this.#number)}`, {}, by);
        return;
      case "archive-option": {
        const choice = pick([...attribute.choices.values()], row);
        if (choice !== undefined)
          store.updateOption("companies", attribute.id, choice.id, { isArchived: row % 2 === 0 }, by);
        return;
      }
      case "edit": {
        const company = pick(store.records("companies"), row);
        if (company === undefined || attribute.isArchived) return;
        const titles = [...attribute.choices.values()].filter((one) => !one.isArchived);
        const title = pick(titles, value)?.title ?? null;
        const next = { text: `theirs ${String(value)}`, number: value / 4, select: title }[attribute.type];
        store.updateItem(company, { [attribute.slug]: next ?? [] }, by);
      }
    }
  }

  #extras(): Attribute[] {
    return [...this.#sandbox.store.object("companies").attributes.values()].filter(({ slug }) =>
      slug.startsWith(EXTRA),
    );
  }

  async #editHere({ row, value }: SchemaAct): Promise<void> {
    const user = this.#user;
    const attributes = await user<{ id: string; column: string; type: string; multi: boolean }[]>`
      SELECT attribute_id AS id, column_name AS column, type, is_multiselect AS multi FROM attio.attributes
      WHERE api_slug LIKE ${`${EXTRA}%`} AND NOT is_archived ORDER BY 1`;
    const attribute = pick(attributes, value);
    if (attribute === undefined) return;
    const titles = await user<{ title: string }[]>`
      SELECT title FROM attio.select_options WHERE attribute_id = ${attribute.id} AND NOT is_archived ORDER BY 1`;
    const title = pick(titles, row)?.title ?? null;
    const choice = attribute.multi && title !== null ? [title] : title;
    const next =
      attribute.type === "text" ? `ours ${String(value)}` : attribute.type === "number" ? value / 8 : choice;
    await user`
      UPDATE attio.companies SET ${user(attribute.column)} = ${next as string} WHERE record_id = (
        SELECT record_id FROM attio.companies WHERE _deleted_at IS NULL ORDER BY 1 OFFSET ${row % 8} LIMIT 1)`;
  }
}
