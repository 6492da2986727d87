import type { Sql, Tx } from "../../db/client.ts";
import { holdStream } from "../../db/locks.ts";
import { planVersion } from "../../db/queries/streams.ts";
import { transact } from "../../db/tx.ts";
import { PlanChangedError } from "./target.ts";
import type { ApplyTarget } from "./target.ts";

/**
 * Keeps the stream's table as it is until the transaction ends.
 *
 * @throws {PlanChangedError} when it is no longer as the target says
 */
export async function holdPlan(tx: Tx, target: ApplyTarget): Promise<void> {
  await holdStream(tx, target.stream);
  // Asked only under the lock: a version read by the same statement could be older than the wait for it.
  if ((await planVersion(tx, target.stream)) !== target.version) throw new PlanChangedError(target.stream);
}

/**
 * Runs `work` in a transaction for the length of which the stream's table stays as it is.
 *
 * @throws {PlanChangedError} when it is no longer as the target says
 */
export function underPlan<T>(sql: Sql, target: ApplyTarget, work: (tx: Tx) => Promise<T>): Promise<T> {
  return transact(sql, async (tx) => {
    await holdPlan(tx, target);
    return work(tx);
  });
}
