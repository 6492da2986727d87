import { createSql, type Sql } from "../db/index.ts";
import { isDataRefusal } from "../db/pg-errors.ts";

/** One for the INSERT in flight, one for reading secrets. */
const CONNECTIONS = 2;

/** The receiver's own way to PostgreSQL: nothing else that the process does keeps a delivery waiting. */
export interface InboxConnection {
  /** @throws what the work threw, or InboxTimeoutError when it took too long */
  run<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** PostgreSQL did not answer in time; the statement may have taken effect. */
export class InboxTimeoutError extends Error {
  constructor(timeoutMs: number) {
    super(`PostgreSQL did not answer within ${timeoutMs} ms`);
    this.name = "InboxTimeoutError";
  }
}

/**
 * Opens nothing before the first use. After a failure the next use connects anew, at once: the driver's own pause between
 * attempts grows to 20 s, and its old connection may hang for longer.
 */
export function createInboxConnection(
  url: string,
  { timeoutMs = 2_000 }: { timeoutMs?: number } = {},
): InboxConnection {
  const open = () => createSql(url, { connections: CONNECTIONS, applicationName: "attio-mirror webhooks" });
  let current = open();

  function discard(failed: Sql): void {
    if (failed !== current) return;
    current = open();
    void failed.end({ timeout: 0 }).catch(() => undefined);
  }

  return {
    async run(work) {
      const sql = current;
      try {
        return await within(timeoutMs, work(sql));
      } catch (error) {
        if (!isDataRefusal(error)) discard(sql);
        throw error;
      }
    },
    close: () => current.end({ timeout: 1 }),
  };
}

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new InboxTimeoutError(timeoutMs)), timeoutMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
