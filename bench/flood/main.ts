import { randomBytes, randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { compile } from "../../scripts/compile.ts";
import { migrate, openDatabase } from "../../src/db/index.ts";
import { activateWebhook, insertCreating } from "../../src/db/queries/webhooks.ts";
import type { LoadOrder, LoadRequest, LoadResult } from "../burst/messages.ts";
import { print, runBench } from "../support/command.ts";
import { startDaemon } from "../support/daemon.ts";
import { speak } from "../support/processes.ts";
import { openServer } from "../support/server.ts";
import { describeMachine, table, whole } from "../support/table.ts";

const USAGE = `npm run bench:flood [-- --events 500 --rate 50 --forged 10000 --flood 1000]
  --events  real deliveries, before the flood and again during it
  --rate    of them a second
  --forged  deliveries with a wrong signature
  --flood   of them a second
`;

/** A daemon of the role `web` asks nothing of Attio. */
const NOWHERE = { url: "http://127.0.0.1:9", token: "none" };

async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      events: { type: "string", default: "500" },
      rate: { type: "string", default: "50" },
      forged: { type: "string", default: "10000" },
      flood: { type: "string", default: "1000" },
    },
  });
  const [events, rate, forged, flood] = [values.events, values.rate, values.forged, values.flood].map(
    Number,
  ) as [number, number, number, number];
  if (![events, rate, forged, flood].every((one) => one > 0))
    throw new TypeError("every number must be positive");
  const program = await compile("bench", ["bench"]);
  const server = await openServer(process.env["DATABASE_URL"]);
  const databaseUrl = await server.database("bench_flood", { isNew: true });
  const db = await openDatabase(databaseUrl, { connections: 2, applicationName: "bench" });
  const [secret, generation, webhookId] = [randomBytes(32).toString("hex"), 1, randomUUID()];
  try {
    await migrate(db);
    await insertCreating(db.sql, { generation, targetUrl: "http://127.0.0.1", subscriptions: [] });
    await activateWebhook(db.sql, { generation, webhookId, secret, status: "active" });
    const order = { program: program("src/main"), roles: ["web"], place: NOWHERE, databaseUrl };
    const daemon = await startDaemon({ ...order, redisUrl: undefined, profileFolder: undefined });
    const sender = (by: string) => {
      const loadOrder: LoadOrder = { origin: daemon.origin, generation, secret: by, webhookId };
      return speak(program("bench/burst/load-process"), loadOrder);
    };
    const [real, forger] = [await sender(secret), await sender("another secret")];
    const send = (from: typeof real, count: number, perSecond: number) => {
      const request: LoadRequest = { do: "make", events: count, perSecond };
      return from.ask(request) as Promise<LoadResult>;
    };
    try {
      // A daemon is seldom young: its connections are open, its code is compiled.
      await send(real, events, 1_000);
      const before = await send(real, events, rate);
      const [during, forgery] = await Promise.all([send(real, events, rate), send(forger, forged, flood)]);
      print(`\n${forged} forged deliveries at ${flood} a second; ${describeMachine(server.version)}\n\n`);
      print(
        table([
          ["deliveries", "answers", "p50 ms", "p99 ms"],
          ["real, before the flood", ...figures(before)],
          ["real, during it", ...figures(during)],
          ["forged", ...figures(forgery)],
        ]),
      );
    } finally {
      await real.stop();
      await forger.stop();
      await daemon.stop();
    }
  } finally {
    await db.close();
    await server.close();
  }
}

function figures({ latenciesMs, statuses }: LoadResult): string[] {
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  const at = (part: number) => (sorted[Math.floor((sorted.length - 1) * part)] ?? 0).toFixed(1);
  const answers = Object.entries(statuses).map(([status, count]) => `${whole(count)} × ${status}`);
  return [answers.join(", "), at(0.5), at(0.99)];
}

await runBench(main, USAGE);
