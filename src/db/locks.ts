import type { Tx } from "./client.ts";
import { MARK_SYNC } from "./mirror/write-guard.ts";

/** First key of every advisory lock that this project takes; the second says what is locked. */
const LOCK_SPACE = 0x4174_7469;

/** Waits until nobody else holds the lock. Freed with the transaction, since a session's is lost behind a transaction pooler. */
export async function lockExclusive(tx: Tx, name: string): Promise<void> {
  await tx`SELECT pg_advisory_xact_lock(${LOCK_SPACE}::int4, hashtext(${name}))`;
}

/**
 * Marks a transaction as the daemon's, so that what it writes to the mirror's tables is neither refused nor captured. The mark
 * ends with the transaction.
 */
export async function markSync(tx: Tx): Promise<void> {
  await tx.unsafe(`SELECT ${MARK_SYNC}`);
}

/** Holds a stream's table as it is, together with others: for applies. The transaction is marked as the daemon's along with it. */
export async function holdStream(tx: Tx, stream: string): Promise<void> {
  await tx`
    SELECT pg_advisory_xact_lock_shared(${LOCK_SPACE}::int4, hashtext(${streamLock(stream)})), ${tx.unsafe(MARK_SYNC)}`;
}

/** The same alone: for schema changes and deletions. */
export async function holdStreamAlone(tx: Tx, stream: string): Promise<void> {
  await tx`
    SELECT pg_advisory_xact_lock(${LOCK_SPACE}::int4, hashtext(${streamLock(stream)})), ${tx.unsafe(MARK_SYNC)}`;
}

function streamLock(stream: string): string {
  return `stream:${stream}`;
}
