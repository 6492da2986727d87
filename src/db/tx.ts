import type { Sql, Tx } from "./client.ts";
import { isRetryable } from "./pg-errors.ts";

const ATTEMPTS = 5;

/**
 * Runs `work` in one READ COMMITTED transaction and runs it again when it lost a deadlock or a lock.
 *
 * The level is stated because the apply relies on it: a later statement must see what was committed while an earlier
 * one waited for a lock, whatever default the server or the role has.
 *
 * @throws what `work` or COMMIT threw, after rollback
 */
export async function transact<T>(sql: Sql, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return (await sql.begin("isolation level read committed", work)) as T;
    } catch (error) {
      if (attempt >= ATTEMPTS || !isRetryable(error)) throw error;
    }
  }
}

/** How long DDL waits for a user's lock: a waiting ALTER blocks all readers that come after it. */
const DDL_LOCK_TIMEOUT = "1s";

/**
 * The same for statements that change tables or views: they give way to users and are tried again.
 *
 * @throws as `transact`; `isLockTimeout` tells that a user held the lock all the time
 */
export function transactDdl<T>(sql: Sql, work: (tx: Tx) => Promise<T>): Promise<T> {
  return transact(sql, async (tx) => {
    await tx`SELECT set_config('lock_timeout', ${DDL_LOCK_TIMEOUT}, true)`;
    return work(tx);
  });
}
