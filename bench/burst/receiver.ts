import { randomBytes, randomUUID } from "node:crypto";
import { migrate, openDatabase, type Sql } from "../../src/db/index.ts";
import { activateWebhook, insertCreating } from "../../src/db/queries/webhooks.ts";
import { startDaemon } from "../support/daemon.ts";
import { cpuOfProcess } from "../support/process-cpu.ts";
import { speak } from "../support/processes.ts";
import type { LoadOrder, LoadRequest, LoadResult } from "./messages.ts";
import type { Track } from "./track.ts";

/** What the receiver made of signed deliveries, with nobody to process them. */
export interface Reception extends LoadResult {
  /** Rows in the inbox. */
  stored: number;
  /** Milliseconds of CPU; undefined where the system does not tell. */
  cpuMs: Readonly<Record<"receiver" | "postgres" | "load", number | undefined>>;
}

const WARM_UP_EVENTS = 4_000;

/** Measures a daemon of the role `web` alone. */
export async function measureReceiver({ server, program, options, place }: Track): Promise<Reception> {
  const databaseUrl = await server.database("bench_receiver", { isNew: true });
  const db = await openDatabase(databaseUrl, { connections: 2, applicationName: "bench" });
  const generation = 1;
  const secret = randomBytes(32).toString("hex");
  const webhookId = randomUUID();
  try {
    await migrate(db);
    await insertCreating(db.sql, { generation, targetUrl: "http://127.0.0.1", subscriptions: [] });
    await activateWebhook(db.sql, { generation, webhookId, secret, status: "active" });
    const { profileFolder } = options;
    const order = { program: program("src/main"), roles: ["web"], place, databaseUrl };
    const daemon = await startDaemon({ ...order, redisUrl: undefined, profileFolder });
    const loadOrder: LoadOrder = { origin: daemon.origin, generation, secret, webhookId };
    const load = await speak(program("bench/burst/load-process"), loadOrder);
    try {
      const make = (events: number) => {
        const request: LoadRequest = { do: "make", events, perSecond: options.perSecond };
        return load.ask(request) as Promise<LoadResult>;
      };
      // A daemon is seldom young: its connections are open, its code is compiled.
      await make(WARM_UP_EVENTS);
      const storedBefore = await countStored(db.sql);
      const cpu = () => [cpuOfProcess(daemon.pid), server.cpuMs(), cpuOfProcess(load.pid)];
      const before = cpu();
      const result = await make(options.events);
      const [receiver, postgres, own] = cpu().map((now, index) => since(before[index], now));
      const stored = (await countStored(db.sql)) - storedBefore;
      return { ...result, stored, cpuMs: { receiver, postgres, load: own } };
    } finally {
      await load.stop();
      await daemon.stop();
    }
  } finally {
    await db.close();
  }
}

async function countStored(sql: Sql): Promise<number> {
  const rows = await sql<{ stored: number }[]>`SELECT count(*) AS stored FROM attio_sync.webhook_events`;
  return rows[0]?.stored ?? 0;
}

function since(before: number | undefined, now: number | undefined): number | undefined {
  return before === undefined || now === undefined ? undefined : now - before;
}
