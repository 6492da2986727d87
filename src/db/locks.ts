import type { Tx } from "./client.ts";
import { DAEMON, WRITER_SETTING } from "./mirror/write-guard.ts";

/** First key of every advisory lock that this project takes; the second says what is locked. */
const LOCK_SPACE = 0x4174_7469;

/** Waits until nobody else holds the lock. Freed with the transaction, since a session's is lost behind a transaction pooler. */
export async function lockExclusive(tx: Tx, name: string): Promise<void> {
  await tx`SELECT pg_advisory_xact_lock(${LOCK_SPACE}::int4, hashtext(${name}))`;
}

/**
 * Holds a stream's table as it is, together with others: for applies. The transaction is marked as the daemon's along with it,
 * since what a connection was told at its start is lost behind a transaction pooler (design rule 17).
 */
export async function holdStream(tx: Tx, stream: string): Promise<void> {
  await tx`
    SELECT pg_advisory_xact_lock_shared(${LOCK_SPACE}::int4, hashtext(${streamLock(stream)})),
           set_config(${WRITER_SETTING}, ${DAEMON}, true)`;
}

/** The same alone: for schema changes and deletions. */
export async function holdStreamAlone(tx: Tx, stream: string): Promise<void> {
  await tx`
    SELECT pg_advisory_xact_lock(${LOCK_SPACE}::int4, hashtext(${streamLock(stream)})),
           set_config(${WRITER_SETTING}, ${DAEMON}, true)`;
}

function streamLock(stream: string): string {
  return `stream:${stream}`;
}
