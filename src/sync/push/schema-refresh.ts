import type { RequestOptions } from "../../attio/index.ts";
import { planVersion } from "../../db/queries/streams.ts";
import { monotonicMs } from "../../lib/clock.ts";
import type { RecordPlan } from "../mapping/record-plan.ts";
import { syncOneSource } from "../schema/sync-schema.ts";
import type { PushDeps } from "./push-deps.ts";

/** So long the last reading of the schema answers for further refusals: many rows may be refused for one reason. */
const FRESH_MS = 60_000;

type RefreshedPlan = Pick<RecordPlan, "stream" | "kind" | "sourceId" | "version">;

/** Reads the schema of an object or list again when Attio refuses what its plan led to. */
export class SchemaRefresh {
  readonly #deps: PushDeps;
  readonly #plan: RefreshedPlan;
  #last: { atMs: number; changed: Promise<boolean> } | undefined;

  constructor(deps: PushDeps, plan: RefreshedPlan) {
    this.#deps = deps;
    this.#plan = plan;
  }

  /** Gives whether there is another plan now, by which the change may be pushed. */
  run(options: RequestOptions): Promise<boolean> {
    const now = monotonicMs();
    if (this.#last !== undefined && now <= this.#last.atMs + FRESH_MS) return this.#last.changed;
    const changed = this.#read(options);
    this.#last = { atMs: now, changed };
    // A reading that failed answers for nothing.
    changed.catch(() => {
      this.#last = undefined;
    });
    return changed;
  }

  async #read(options: RequestOptions): Promise<boolean> {
    const { stream, kind, sourceId, version } = this.#plan;
    await syncOneSource(this.#deps, kind, sourceId, options);
    return (await planVersion(this.#deps.db.sql, stream)) !== version;
  }
}
