import type { Sql } from "../../src/db/index.ts";
import { dueStreams } from "../../src/db/queries/dirty.ts";
import { hydrate } from "../../src/sync/live/hydrate.ts";
import { openLiveStream } from "../../src/sync/live/live-stream.ts";
import { processInbox } from "../../src/sync/live/process-inbox.ts";
import type { Mirror } from "./mirror.ts";

/** Puts every event of the sandbox into the inbox, as the receiver would; returns what waits for the last of them. */
export function deliverEvents({ sandbox, db }: Mirror): { settled: () => Promise<void> } {
  const inserts: Promise<unknown>[] = [];
  let key = 0;
  sandbox.store.onEvent((event) => {
    key += 1;
    const body = Buffer.from(JSON.stringify({ webhook_id: "w", events: [event] }));
    inserts.push(
      db.sql`INSERT INTO attio_sync.webhook_events (generation, idempotency_key, body)
             VALUES (1, ${String(key)}, ${body})`.execute(),
    );
  });
  return {
    settled: async () => {
      await Promise.all(inserts.splice(0));
    },
  };
}

/** Works off the inbox and all dirty marks, second looks included, until nothing is left. */
export async function drain(mirror: Mirror): Promise<void> {
  for (;;) {
    const { processed, schema } = await processInbox(mirror.deps);
    if (schema) await mirror.syncSchema();
    // Second looks are due later; a test need not wait for them.
    await mirror.db.sql`UPDATE attio_sync.dirty SET due_at = now()`;
    const due = await dueStreams(mirror.db.sql);
    if (processed === 0 && due.length === 0) return;
    for (const { stream } of due) {
      const live = await openLiveStream(mirror.deps, stream);
      if (live === undefined) throw new Error(`no stream ${stream}`);
      await hydrate(mirror.deps, live);
    }
  }
}

/** Marks that are left, by stream. */
export async function marksLeft(sql: Sql): Promise<Record<string, number>> {
  const rows = await sql<{ stream: string; count: number }[]>`
    SELECT stream, count(*) AS count FROM attio_sync.dirty GROUP BY stream`;
  return Object.fromEntries(rows.map(({ stream, count }) => [stream, count]));
}
