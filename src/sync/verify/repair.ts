import type { Tx } from "../../db/client.ts";
import { ring } from "../../db/queries/dirty.ts";
import { clearHashes, countMended, isClaimed } from "../../db/queries/verifications.ts";
import { sleep } from "../../lib/sleep.ts";
import type { ApplyTarget } from "../apply/target.ts";
import type { SyncDeps } from "../deps.ts";
import { hydrate } from "../live/hydrate.ts";
import { openLiveStream } from "../live/live-stream.ts";
import type { LiveStream } from "../live/live-stream.ts";
import { bulkOptions } from "../walk/bulk.ts";
import type { Drift } from "./findings.ts";

/** How long a daemon that took a mark before us is waited for. */
const OTHERS_MS = 10_000;
const POLL_MS = 100;

/** Mends rows that drifted in the way of every other change: they are marked dirty and fetched again. */
export class Repair {
  readonly #deps: SyncDeps;
  readonly #signal: AbortSignal;
  readonly #streams = new Map<string, LiveStream>();

  constructor(deps: SyncDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
  }

  /** Marks rows, so that whoever sees to the marks writes them, however equal their hashes are. */
  async mark(
    tx: Tx,
    target: ApplyTarget,
    drifts: readonly Drift[],
    details: ReadonlyMap<string, Record<string, string> | null>,
  ): Promise<void> {
    await clearHashes(
      tx,
      target,
      drifts.map(({ id }) => id),
    );
    const reason = "verify found drift";
    await ring(
      tx,
      drifts.map(({ id }) => {
        const detail = details.get(id) ?? null;
        return { stream: target.stream, id, reason, ...(detail !== null && { detail }) };
      }),
    );
  }

  /** Sees to the marks, since no daemon may be running; says how many of the rows are mended by whomever. */
  async mend(target: ApplyTarget, drifts: readonly Drift[]): Promise<{ repaired: number; heldBack: number }> {
    const { sql } = this.#deps.db;
    const ids = drifts.map(({ id }) => id);
    await this.drain(target.stream);
    const deadline = performance.now() + OTHERS_MS;
    while (performance.now() < deadline && (await isClaimed(sql, target.stream, ids))) {
      await sleep(POLL_MS, this.#signal);
    }
    return countMended(sql, target, drifts);
  }

  /** Sees to all marks of a stream that are due. */
  async drain(stream: string): Promise<void> {
    const live = this.#streams.get(stream) ?? (await openLiveStream(this.#deps, stream));
    if (live === undefined) return;
    this.#streams.set(stream, live);
    await hydrate(this.#deps, live, bulkOptions(this.#signal));
  }
}
