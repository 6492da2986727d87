import { loopByPage, loopByRecord } from "./contestants/loops.ts";
import type { Arena, Contestant, Measured } from "./contestant.ts";
import { fetchAndCopy, fetchAndParse } from "./contestants/floor.ts";
import { mirror } from "./contestants/ours.ts";
import { peakRssMb } from "./peak-memory.ts";

/** What this process is told, as JSON in its first argument. */
export interface ContestantOrder extends Arena {
  contestant: string;
}

const CONTESTANTS: Readonly<Record<string, Contestant>> = {
  mirror,
  fetchAndParse,
  fetchAndCopy,
  loopByPage,
  loopByRecord,
};

const order = JSON.parse(process.argv[2] ?? "") as ContestantOrder;
const contestant = CONTESTANTS[order.contestant];
if (contestant === undefined) throw new Error(`there is no contestant ${order.contestant}`);
const ready = await contestant(order);
const startedAt = performance.now();
const cpu = process.cpuUsage();
const records = await ready.go();
const ms = performance.now() - startedAt;
const { user, system } = process.cpuUsage(cpu);
await ready.close();
const measured: Measured = {
  records,
  ms,
  cpuMs: (user + system) / 1000,
  peakRssMb: peakRssMb(),
};
process.stdout.write(`${JSON.stringify(measured)}\n`);
