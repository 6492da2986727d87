import { setTimeout as delay } from "node:timers/promises";
import type postgres from "postgres";
import { memberActor, SandboxError, type Sandbox } from "../../src/sandbox/index.ts";
import type { Ledger } from "../support/sides/ledger.ts";
import { pickRow } from "../support/sides/pick-row.ts";
import { Background } from "./background.ts";

/** One column of a row is changed here, then in Attio, then another one here, before any of it is pushed. */
export interface ColumnsApartAct {
  row: number;
  value: number;
  /** How long after the change in Attio the other column is changed here: too long for simultaneous. */
  apartMs: number;
}

/** Changes within that time count as simultaneous. */
const SIMULTANEOUS_MS = 2_000;

/** Both sides change a row while Attio takes no write of it; goes on beside everything else. */
export class ColumnsApart {
  readonly background = new Background();
  readonly #sandbox: Sandbox;
  readonly #user: postgres.Sql;
  readonly #ledger: Ledger;
  readonly #policy: string;

  /** @param policy which of both sides wins */
  constructor(sandbox: Sandbox, user: postgres.Sql, ledger: Ledger, policy: string) {
    this.#sandbox = sandbox;
    this.#user = user;
    this.#ledger = ledger;
    this.#policy = policy;
  }

  /** Begins it, unless another one is under way. */
  play(act: ColumnsApartAct): void {
    this.background.begin(() => this.#play(act));
  }

  async #play({ row, value, apartMs }: ColumnsApartAct): Promise<void> {
    const { store, faults } = this.#sandbox;
    const id = await pickRow(this.#user, "people", row);
    if (id === undefined) return;
    // Neither a write nor a look gets through, or it would be decided before the other column is changed.
    const busy = [{ path: id }, { holds: id }].map((which) =>
      faults.add({ kind: "status", status: 503, ...which }),
    );
    const { claims } = this.#ledger;
    const [ours, theirs] = [`ours ${String(value)}`, `theirs ${String(this.#ledger.next())}`];
    try {
      await this.#write(id, "job_title", ours);
      await delay(SIMULTANEOUS_MS + 300);
      store.updateRecord(
        "people",
        id,
        { job_title: theirs },
        { by: memberActor(store.members()[0]?.id ?? "") },
      );
      if (this.#policy === "latest") claims.stands(id, "job_title", theirs);
      else claims.forget(id, "job_title");
      await delay(apartMs);
      await this.#write(id, "description", ours);
    } catch (error) {
      if (!(error instanceof SandboxError)) throw error;
    } finally {
      for (const fault of busy) fault.remove();
    }
  }

  async #write(id: string, slug: string, text: string): Promise<void> {
    const { claims } = this.#ledger;
    const { count } = await this.#user`
      UPDATE attio.people SET ${this.#user(slug)} = ${text} WHERE record_id = ${id}`.catch(
      (error: unknown) => {
        claims.forget(id, slug);
        throw error;
      },
    );
    if (count > 0) claims.is(id, slug, text);
  }
}
