import type { Tx } from "./client.ts";

/** First key of every advisory lock that this project takes; the second says what is locked. */
const LOCK_SPACE = 0x4174_7469;

/** Transaction-scoped, since a session's lock is lost behind a transaction pooler. */
export async function lockShared(tx: Tx, name: string): Promise<void> {
  await tx`SELECT pg_advisory_xact_lock_shared(${LOCK_SPACE}::int4, hashtext(${name}))`;
}

/** Waits until nobody else holds the lock, shared or not; freed with the transaction. */
export async function lockExclusive(tx: Tx, name: string): Promise<void> {
  await tx`SELECT pg_advisory_xact_lock(${LOCK_SPACE}::int4, hashtext(${name}))`;
}

/** The lock of one stream's table: applies hold it shared; schema changes and deletions alone. */
export function streamLock(stream: string): string {
  return `stream:${stream}`;
}
