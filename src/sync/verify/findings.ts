import type { HeldRow } from "./held.ts";

/** How a row of the mirror is not as Attio has it. */
export type DriftKind =
  /** Columns hold something else. */
  | "different"
  /** Attio has it, the mirror does not. */
  | "missing"
  /** The mirror has it, Attio does not. */
  | "extra";

/** A row that drifted; without its values, which are the customer's. */
export interface Drift {
  id: string;
  kind: DriftKind;
  /** The columns that differ; none where the whole row is missing, extra or not readable. */
  columns: readonly string[];
}

/** Rows that are shown of each stream, so that somebody can look at them. */
const EXAMPLES = 5;

/** What a comparison of one stream has found so far. */
export class Findings {
  /** Rows that Attio showed. */
  rows = 0;
  requests = 0;
  readonly drift: Record<DriftKind, number> = { different: 0, missing: 0, extra: 0 };
  /** Rows that changed while they were looked at, or wait to be fetched again. */
  inFlight = 0;
  /** Rows that are not as Attio has them because they were written here. */
  held = 0;
  /** Rows that the mirror is known not to have as they are: how many for each reason. */
  readonly setAside = new Map<string, number>();
  readonly examples: Drift[] = [];
  readonly heldExamples: HeldRow[] = [];
  repaired = 0;
  /** Rows that a repair did not delete, because it would have been too many. */
  heldBack = 0;

  /** Counts rows that drifted. */
  addDrift(drifts: readonly Drift[]): void {
    for (const drift of drifts) this.drift[drift.kind] += 1;
    this.examples.push(...drifts.slice(0, EXAMPLES - this.examples.length));
  }

  /** Counts rows that hold what was written here. */
  addHeld(rows: readonly HeldRow[]): void {
    this.held += rows.length;
    this.heldExamples.push(...rows.slice(0, EXAMPLES - this.heldExamples.length));
  }

  /** Counts a row that was set aside. */
  addSetAside(code: string): void {
    this.setAside.set(code, (this.setAside.get(code) ?? 0) + 1);
  }
}
