import pg from "pg";

/**
 * A connection of the job queue that may be lost at any moment. BullMQ listens to no errors of one that it took from its pool for
 * a transaction, nor of the one that hears notifications while that one connects and while it is closed: an error that came then
 * would end the process. The next statement fails all the same, and a new connection is made.
 */
export class QueueClient extends pg.Client {
  override emit(event: string | symbol, ...details: unknown[]): boolean {
    if (event === "error" && this.listenerCount("error") === 0) return false;
    return super.emit(event, ...details);
  }
}

/** Has BullMQ take it for the connection that hears notifications as well, for which there is no setting. */
export function useQueueClient(): void {
  Object.assign(pg, { Client: QueueClient });
}
