import { median } from "../support/statistics.ts";
import type { Measured, Run } from "./contestant.ts";
import type { Verdict } from "../support/verdicts.ts";

/** All runs of one discipline, a run a round. */
export type Results = ReadonlyMap<string, readonly Run[]>;

const PEAK_RSS_MB = 300;

/** Says which targets hold; those whose disciplines were not run are left out. Pure. */
export function judge(results: Results): Verdict[] {
  return [
    atLeast(results, { name: "first load / (fetch + parse + COPY)", of: "first", to: "copy", least: 0.75 }),
    atLeast(results, { name: "first load / loop by record", of: "first", to: "record", least: 4 }),
    atLeast(results, { name: "unchanged / (fetch + parse)", of: "again", to: "parse", least: 0.8 }),
    atMost(results, "first"),
    atMost(results, "again"),
  ].flat();
}

export function perSecond({ records, ms }: Measured): number {
  return (records / ms) * 1000;
}

/** Ratios are taken within a round, since the machine may be busier in another one. */
function atLeast(
  results: Results,
  { name, of, to, least }: { name: string; of: string; to: string; least: number },
): Verdict[] {
  const others = results.get(to) ?? [];
  const ratios = (results.get(of) ?? []).flatMap((run, round) => {
    const other = others[round];
    return other === undefined ? [] : [perSecond(run) / perSecond(other)];
  });
  if (ratios.length === 0) return [];
  const middle = median(ratios);
  const range = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
  return [
    {
      target: `${name} >= ${least}`,
      measured: `${middle.toFixed(2)} (${range})`,
      isMet: middle >= least,
    },
  ];
}

function atMost(results: Results, of: string): Verdict[] {
  const runs = results.get(of) ?? [];
  if (runs.length === 0) return [];
  const most = Math.max(...runs.map((run) => run.peakRssMb));
  return [
    {
      target: `peak memory, ${of === "first" ? "first load" : "unchanged"} < ${PEAK_RSS_MB} MB`,
      measured: `${most.toFixed(0)} MB`,
      isMet: most < PEAK_RSS_MB,
    },
  ];
}
