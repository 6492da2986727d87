import { perSecond } from "./targets.ts";
import { median } from "../support/statistics.ts";
import { table, whole } from "../support/table.ts";
import type { Run } from "./contestant.ts";
import { DISCIPLINES } from "./disciplines.ts";
import type { Results } from "./targets.ts";

/** The table of rates, as Markdown. */
export function report(results: Results): string {
  const header = [
    "",
    "records/s (median)",
    "min to max",
    "CPU, us a record",
    "of PostgreSQL",
    "of the sandbox",
    "peak RSS, MB",
  ];
  const lines = DISCIPLINES.flatMap(({ name, title }) => {
    const runs = results.get(name) ?? [];
    if (runs.length === 0) return [];
    const rates = runs.map(perSecond);
    const peak = Math.max(...runs.map(({ peakRssMb }) => peakRssMb));
    const range = `${whole(Math.min(...rates))} to ${whole(Math.max(...rates))}`;
    const cpu = (pick: (run: Run) => number | undefined) => cpuPerRecord(runs, pick);
    return [
      [
        title,
        whole(median(rates)),
        range,
        cpu((run) => run.cpuMs),
        cpu((run) => run.serverCpuMs),
        cpu((run) => run.sandboxCpuMs),
        whole(peak),
      ],
    ];
  });
  return table([header, ...lines]);
}

function cpuPerRecord(runs: readonly Run[], pick: (run: Run) => number | undefined): string {
  const known = runs.flatMap((run) => {
    const ms = pick(run);
    return ms === undefined ? [] : [(ms / run.records) * 1000];
  });
  return known.length === 0 ? "?" : whole(median(known));
}
