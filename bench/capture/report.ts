import { median } from "../support/statistics.ts";
import { table, whole } from "../support/table.ts";
import type { Times } from "./arena.ts";
import type { Statement } from "./statements.ts";
import type { Verdict } from "../support/verdicts.ts";

/** A statement and how long it took. */
export interface Measured {
  statement: Statement;
  times: Times;
}

/** The table of times, as Markdown. */
export function report(results: readonly Measured[]): string {
  const head = ["", "by", "no triggers, ms", "open table, ms", "ratio (median)", "min to max"];
  const lines = results.map(({ statement: { title, by }, times }) => {
    const ratios = ratiosOf(times);
    return [
      title,
      by,
      whole(median(times.bare)),
      whole(median(times.open)),
      median(ratios).toFixed(2),
      `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`,
    ];
  });
  return table([head, ...lines]);
}

/** Says which targets hold. Pure. */
export function judge(results: readonly Measured[]): Verdict[] {
  return results.flatMap(({ statement: { title, by, most }, times }) => {
    if (most === undefined) return [];
    const ratio = median(ratiosOf(times));
    const target = `${by}: ${title}, open / without triggers <= ${most}`;
    return [{ target, measured: ratio.toFixed(2), isMet: ratio <= most }];
  });
}

/** Ratios are taken within a round, since the machine may be busier in another one. */
function ratiosOf({ open, bare }: Times): number[] {
  return open.map((ms, round) => ms / (bare[round] ?? Number.NaN));
}
