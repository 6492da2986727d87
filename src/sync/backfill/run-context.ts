import type { Holder, Run } from "../../db/queries/runs.ts";
import type { SyncDeps } from "../deps.ts";

/** A run under way. */
export interface RunContext {
  deps: SyncDeps;
  run: Run;
  holder: Holder;
  signal: AbortSignal;
  /** Told of rows that have been read and applied. */
  onRows: (rows: number) => void;
}
