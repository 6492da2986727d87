import { quantile } from "../support/statistics.ts";
import { table, whole } from "../support/table.ts";
import type { Reception } from "./receiver.ts";
import { GRACE_MS } from "./storm.ts";
import type { Storm } from "./storm.ts";
import type { Verdict } from "../support/verdicts.ts";

const MOST_READS = 60;
const LEAST_PER_SECOND = 2_000;
const MOST_ANSWER_MS = 100;

/** The tables, as Markdown. */
export function report(reception: Reception, storms: readonly Storm[]): string {
  const { latenciesMs, seconds, stored, statuses, cpuMs } = reception;
  const perEvent = (ms: number | undefined) =>
    ms === undefined ? "?" : whole((ms * 1_000) / latenciesMs.length);
  const p99 = quantile(latenciesMs, 0.99);
  const received = table([
    ["receiver alone", ""],
    ["deliveries", whole(latenciesMs.length)],
    ["a second", whole(latenciesMs.length / seconds)],
    ["answer, p50, ms", whole(quantile(latenciesMs, 0.5))],
    ["answer, p99, ms", whole(p99)],
    ["answers by status", JSON.stringify(statuses)],
    ["in the inbox", whole(stored)],
    ["CPU, us an event", perEvent(cpuMs.receiver)],
    ["of PostgreSQL", perEvent(cpuMs.postgres)],
    ["of the load generator", perEvent(cpuMs.load)],
    ["of one core, receiver", shareOf(cpuMs.receiver, seconds)],
  ]);
  const bursts = table([
    ["queue", "events", "a second", "answer, p99, ms", "not 200", "reads", "second rings", "equal after, ms"],
    ...storms.map((storm) => [
      storm.queue,
      whole(storm.latenciesMs.length),
      whole(storm.latenciesMs.length / storm.seconds),
      whole(quantile(storm.latenciesMs, 0.99)),
      whole(refused(storm.statuses)),
      whole(storm.reads),
      whole(storm.laterReads),
      whole(storm.equalAfterMs),
    ]),
  ]);
  return `${received}\n${bursts}`;
}

/** Says which targets hold. Pure. */
export function judge(
  { latenciesMs, seconds, stored, statuses, cpuMs }: Reception,
  storms: readonly Storm[],
): Verdict[] {
  const p99 = quantile(latenciesMs, 0.99);
  const isKept = stored === latenciesMs.length && refused(statuses) === 0;
  const rate = latenciesMs.length / seconds;
  return [
    verdict(`receiver: ${LEAST_PER_SECOND} a second`, whole(rate), rate >= LEAST_PER_SECOND),
    verdict("receiver: all answered 200 and stored", isKept ? "yes" : "no", isKept),
    verdict(`receiver: p99 < ${MOST_ANSWER_MS} ms`, `${whole(p99)} ms`, p99 < MOST_ANSWER_MS),
    verdict(
      "receiver: one core",
      shareOf(cpuMs.receiver, seconds),
      cpuMs.receiver !== undefined && cpuMs.receiver < seconds * 1_000,
    ),
    ...storms.flatMap((storm) => {
      const stormRate = storm.latenciesMs.length / storm.seconds;
      return [
        verdict(
          `${storm.queue}: ${LEAST_PER_SECOND} a second`,
          whole(stormRate),
          stormRate >= LEAST_PER_SECOND && refused(storm.statuses) === 0,
        ),
        verdict(`${storm.queue}: reads <= ${MOST_READS}`, whole(storm.reads), storm.reads <= MOST_READS),
        verdict(
          `${storm.queue}: equal ${GRACE_MS / 1_000} s after`,
          `after ${whole(storm.equalAfterMs)} ms`,
          storm.equalAfterMs <= GRACE_MS,
        ),
      ];
    }),
  ];
}

function verdict(target: string, measured: string, isMet: boolean): Verdict {
  return { target, measured, isMet };
}

/** Of one core. */
function shareOf(ms: number | undefined, seconds: number): string {
  return ms === undefined ? "?" : `${whole(ms / seconds / 10)} %`;
}

function refused(statuses: Readonly<Record<number, number>>): number {
  return Object.entries(statuses).reduce((sum, [status, count]) => sum + (status === "200" ? 0 : count), 0);
}
