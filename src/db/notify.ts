import { randomUUID } from "node:crypto";
import { createSql } from "./client.ts";
import type { Sql } from "./client.ts";

/** The channel on which processes tell each other that there is work; a hint, never the only word of it. */
const CHANNEL = "attio_sync";

/** Whom a notification is from: nobody needs to hear what they said themselves. */
const SELF = randomUUID();

/** What the triggers of open tables say: a local change was committed. */
const OUTBOX = "outbox";

/** How long the first notification may take before we conclude that none will ever arrive. */
const HEARING_TEST_MS = 2_000;

/** An ear on the channel. */
export interface Ear {
  /** False behind a transaction pooler, where LISTEN does nothing (design rule 17). */
  hears: boolean;
  close(): Promise<void>;
}

/** Tells all other processes on this database that there is work. */
export async function notify(sql: Sql): Promise<void> {
  await sql`SELECT pg_notify(${CHANNEL}, ${SELF})`;
}

/** Listens to the channel, on a connection of its own that is rebuilt when it breaks; finds out whether it hears. What other processes say is passed on. */
export async function listen(url: string, onNotify: (what: "work" | "outbox") => void): Promise<Ear> {
  const sql = createSql(url, { connections: 1, applicationName: "attio-mirror ear" });
  try {
    let heard: () => void = () => undefined;
    const first = new Promise<boolean>((resolve) => {
      heard = () => resolve(true);
    });
    await sql.listen(CHANNEL, (sender) => {
      heard();
      if (sender !== SELF) onNotify(sender === OUTBOX ? "outbox" : "work");
    });
    await notify(sql);
    let timer: NodeJS.Timeout | undefined;
    const deaf = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), HEARING_TEST_MS);
    });
    const hears = await Promise.race([first, deaf]);
    clearTimeout(timer);
    return { hears, close: () => sql.end({ timeout: 1 }) };
  } catch (error) {
    await sql.end({ timeout: 1 });
    throw error;
  }
}
