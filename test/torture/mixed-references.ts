import type postgres from "postgres";
import { memberActor, SandboxError, type Sandbox } from "../../src/sandbox/index.ts";
import type { Side } from "../support/sides/acts.ts";
import type { Ledger } from "../support/sides/ledger.ts";
import { pickRow } from "../support/sides/pick-row.ts";
import { pick } from "../support/sides/values.ts";

/** A project is connected with a person or a company, by the id alone. */
export interface MixedReferenceAct {
  /** `append`: one more of its subjects, as array_append writes it. */
  what: "set" | "append" | "insert";
  side: Side;
  project: number;
  to: "people" | "companies";
  row: number;
}

/** References that may point to several objects, written without saying to which. */
export class MixedReferences {
  readonly #sandbox: Sandbox;
  readonly #user: postgres.Sql;
  readonly #ledger: Ledger;

  constructor(sandbox: Sandbox, user: postgres.Sql, ledger: Ledger) {
    this.#sandbox = sandbox;
    this.#user = user;
    this.#ledger = ledger;
  }

  /** Does one thing; what there is nothing for is left out. @throws what PostgreSQL refuses */
  async play(act: MixedReferenceAct): Promise<void> {
    if (act.side === "here") return this.#here(act);
    const { store } = this.#sandbox;
    const [project, target] = [
      pick(store.records("projects"), act.project),
      pick(store.records(act.to), act.row),
    ];
    if (project === undefined || target === undefined) return;
    this.#ledger.claims.forget(project.id, "subject");
    try {
      const by = { by: memberActor(store.members()[0]?.id ?? "") };
      const subject = { target_object: act.to, target_record_id: target.id };
      store.updateItem(project, { subject }, by);
    } catch (error) {
      if (!(error instanceof SandboxError)) throw error;
    }
  }

  async #here({ what, project, to, row }: MixedReferenceAct): Promise<void> {
    const user = this.#user;
    const { claims } = this.#ledger;
    const target = await pickRow(user, to, row);
    if (target === undefined) return;
    if (what === "insert") {
      const name = `project ${String(this.#ledger.next())}`;
      this.#ledger.inserted(name);
      const [made] = await user<{ id: string }[]>`
        INSERT INTO attio.projects (name, subject, subjects) VALUES (${name}, ${target}, ARRAY[${target}]::uuid[])
        RETURNING record_id AS id`;
      claims.is(made?.id ?? "", "subject", target);
      claims.has(made?.id ?? "", "subjects", target);
      return;
    }
    const id = await pickRow(user, "projects", project);
    if (id === undefined) return;
    const slug = what === "set" ? "subject" : "subjects";
    try {
      const { count } =
        what === "set"
          ? await user`
              UPDATE attio.projects SET subject = ${target}
              WHERE record_id = ${id} AND subject IS DISTINCT FROM ${target}`
          : await user`
              UPDATE attio.projects SET subjects = array_append(subjects, ${target}::uuid)
              WHERE record_id = ${id} AND NOT ${target} = ANY (coalesce(subjects, '{}'))`;
      if (count > 0 && what === "set") claims.is(id, slug, target);
      if (count > 0 && what === "append") claims.has(id, slug, target);
    } catch (error) {
      claims.forget(id, slug);
      throw error;
    }
  }
}
