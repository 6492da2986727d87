import { quantile } from "../support/statistics.ts";
import { table, whole } from "../support/table.ts";
import type { Verdict } from "../support/verdicts.ts";

/** What was measured in one part of a course. */
export interface Part {
  queue: string;
  /** What else was done. */
  title: string;
  seconds: number;
  /** Milliseconds from the delivery of an edit's webhook to the row in Postgres. */
  latenciesMs: readonly number[];
  /** Deliveries whose row never came. */
  lost: number;
  /** Milliseconds of CPU; undefined where the system does not tell. */
  cpuMs: Readonly<Record<"daemon" | "postgres" | "sandbox", number | undefined>>;
}

const MOST_MS = 250;

/** The table of latencies, as Markdown. */
export function report(parts: readonly Part[]): string {
  const head = ["queue", "meanwhile", "s", "deliveries", "p50, ms", "p99, ms", "max, ms"];
  const load = ["CPU of the daemon", "of PostgreSQL", "of the sandbox"];
  const lines = parts.map(({ queue, title, seconds, latenciesMs, cpuMs }) => [
    queue,
    title,
    whole(seconds),
    whole(latenciesMs.length),
    whole(quantile(latenciesMs, 0.5)),
    whole(quantile(latenciesMs, 0.99)),
    whole(Math.max(...latenciesMs)),
    ...[cpuMs.daemon, cpuMs.postgres, cpuMs.sandbox].map((ms) =>
      ms === undefined ? "?" : `${whole(ms / seconds / 10)} %`,
    ),
  ]);
  return table([[...head, ...load], ...lines]);
}

/** Says which targets hold. Pure. */
export function judge(parts: readonly Part[]): Verdict[] {
  return parts.map(({ queue, title, latenciesMs, lost }) => {
    const p99 = quantile(latenciesMs, 0.99);
    return {
      target: `p99 <= ${MOST_MS} ms: ${queue}, ${title}`,
      measured: `${whole(p99)} ms${lost === 0 ? "" : `, ${whole(lost)} never came`}`,
      isMet: p99 <= MOST_MS && lost === 0,
    };
  });
}
