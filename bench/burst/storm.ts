import { setTimeout as delay } from "node:timers/promises";
import { openDatabase, type Sql } from "../../src/db/index.ts";
import { startDaemon } from "../support/daemon.ts";
import { runsOf, until, untilQuiet } from "../support/mirror-state.ts";
import { speak } from "../support/processes.ts";
import type { Spoken } from "../support/processes.ts";
import type { QueueKind } from "../support/queue-kinds.ts";
import { BENCH_OBJECT } from "../support/sandbox.ts";
import type { SandboxOrder, SandboxPlace } from "../support/sandbox.ts";
import { EDITED } from "./messages.ts";
import type { EditedBatch, EditsDone, LoadOrder, LoadRequest, LoadResult, ReadCount } from "./messages.ts";
import type { SandboxRequest } from "./messages.ts";
import type { Track } from "./track.ts";

/** When the mirror shall be equal after the last delivery. */
export const GRACE_MS = 2_000;

const LOOK_MS = 50;

/** What became of a burst of events. */
export interface Storm extends LoadResult {
  queue: string;
  reads: number;
  /** Reads after the grace: second looks at what was found unchanged (design rule 22). */
  laterReads: number;
  /** Milliseconds from the last answer until the mirror was equal. */
  equalAfterMs: number;
}

/** Delivers a burst to a daemon that plays all roles; edits, deliveries and the daemon are processes of their own. */
export async function measureStorm(track: Track, queue: QueueKind): Promise<Storm> {
  const { server, program, options } = track;
  const sandboxOrder: SandboxOrder = { ...options, attributes: 25 };
  const sandbox = await speak(program("bench/burst/sandbox-process"), sandboxOrder);
  const databaseUrl = await server.database("bench_burst", { isNew: true });
  const db = await openDatabase(databaseUrl, { connections: 2, applicationName: "bench" });
  const daemon = await startDaemon({
    program: program("src/main"),
    roles: ["all"],
    place: sandbox.said as SandboxPlace,
    databaseUrl,
    redisUrl: queue.redisUrl,
    profileFolder: options.profileFolder,
  });
  try {
    await until(async () => (await runsOf(db.sql, BENCH_OBJECT)).begun > 0);
    await untilQuiet(db.sql);
    const load = await speak(program("bench/burst/load-process"), await readTarget(db.sql, daemon.origin));
    try {
      await count(sandbox);
      const { result, values } = await deliver(sandbox, load, track);
      const equalAfterMs = await untilEqual(db.sql, values, result.lastAnswerAtMs);
      await delay(result.lastAnswerAtMs + GRACE_MS - Date.now());
      const reads = await count(sandbox);
      await untilQuiet(db.sql);
      return { ...result, queue: queue.name, reads, laterReads: await count(sandbox), equalAfterMs };
    } finally {
      await load.stop();
    }
  } finally {
    await daemon.stop();
    await db.close();
    await sandbox.stop();
  }
}

async function readTarget(sql: Sql, origin: string): Promise<LoadOrder> {
  const [row] = await sql<Omit<LoadOrder, "origin">[]>`
    SELECT generation, secret, webhook_id AS "webhookId" FROM attio_sync.webhooks WHERE state = 'active'`;
  if (row === undefined) throw new Error("the daemon has made no webhook");
  return { origin, ...row };
}

/** Hands the events of edits on to the load generator as they are made. */
async function deliver(
  sandbox: Spoken,
  load: Spoken,
  { options }: Track,
): Promise<{ result: LoadResult; values: Record<string, number> }> {
  const values = await new Promise<Record<string, number>>((resolve) => {
    sandbox.onMessage((said) => {
      const message = said as EditedBatch | EditsDone | ReadCount;
      if ("values" in message) resolve(message.values);
      else if ("events" in message)
        load.send({ do: "deliver", events: message.events } satisfies LoadRequest);
    });
    const request: SandboxRequest = { do: "edit", events: options.events, perSecond: options.perSecond };
    sandbox.send(request);
  });
  const result = (await load.ask({ do: "finish" } satisfies LoadRequest)) as LoadResult;
  return { result, values };
}

async function untilEqual(sql: Sql, values: Record<string, number>, sinceMs: number): Promise<number> {
  for (;;) {
    if ((await countUnequal(sql, values)) === 0) return Date.now() - sinceMs;
    await delay(LOOK_MS);
  }
}

async function countUnequal(sql: Sql, values: Record<string, number>): Promise<number> {
  const rows = await sql<{ id: string; value: number | null }[]>`
    SELECT record_id AS id, ${sql(EDITED)} AS value FROM attio.${sql(BENCH_OBJECT)}`;
  const held = new Map(rows.map(({ id, value }) => [id, value]));
  return Object.entries(values).filter(([id, value]) => held.get(id) !== value).length;
}

async function count(sandbox: Spoken): Promise<number> {
  const { reads } = (await sandbox.ask({ do: "count" } satisfies SandboxRequest)) as ReadCount;
  return reads;
}
