import { median } from "../support/statistics.ts";
import { table, whole } from "../support/table.ts";
import type { Verdict } from "../support/verdicts.ts";
import { waiting, type Sample } from "./sample.ts";

/** What a soak came to. */
export interface Soaked {
  /** While both sides worked. */
  samples: readonly Sample[];
  /** Operations a second that were wanted, and that were made. */
  wanted: number;
  made: number;
  /** Seconds from the end of the work until nothing waited; undefined: not in time. */
  restSeconds: number | undefined;
  /** Changes that ended otherwise than in Attio, by stream, operation, status and reason. */
  setAside: Readonly<Record<string, number>>;
  undelivered: number;
  /** What differs between Attio and the mirror. */
  differences: readonly string[];
}

/** Of the second quarter, by which the last one may be above it: garbage is collected when it pays, not at once. */
const MEMORY_SLACK = 1.15;
const BYTES_SLACK = 1.3;

/** Operations that a bad moment may cost. */
const LEAST_MADE = 0.95;

/** A minute's middle, line by line, as Markdown. */
export function report(samples: readonly Sample[]): string {
  const minutes = new Map<number, Sample[]>();
  for (const sample of samples) {
    // The last sample of a minute comes right after its end.
    const minute = Math.floor((sample.seconds - 1) / 60);
    minutes.set(minute, [...(minutes.get(minute) ?? []), sample]);
  }
  const head = ["minute", "RSS, MB", "connections", "mirror, MB", "sync, MB", "kept, MB", "bytes a kept row"];
  return table([
    [...head, "dead rows", "deliveries", "marks", "changes"],
    ...[...minutes].map(([minute, of]) => {
      const mid = (read: (sample: Sample) => number) => median(of.map(read));
      const mb = (read: (sample: Sample) => number) => (mid(read) / 2 ** 20).toFixed(1);
      return [
        whole(minute + 1),
        whole(mid(({ rssMb }) => rssMb ?? Number.NaN)),
        whole(Math.max(...of.map(({ connections }) => connections))),
        mb(({ mirrorBytes }) => mirrorBytes),
        mb(({ syncBytes }) => syncBytes),
        mb(({ keptBytes }) => keptBytes),
        whole(mid(perKeptRow)),
        whole(mid(({ deadRows }) => deadRows)),
        ...(["deliveries", "marks", "changes"] as const).map((what) =>
          whole(mid(({ backlog }) => backlog[what])),
        ),
      ];
    }),
  ]);
}

/** Says what held. Pure. */
export function judge(soaked: Soaked): Verdict[] {
  const { samples, wanted, made, restSeconds, undelivered, differences } = soaked;
  const flat = (what: string, slack: number, read: (sample: Sample) => number, unit = 1): Verdict => {
    const [before, after] = [1, 3].map((quarter) => median(quarterOf(samples, quarter).map(read)));
    const [from, to] = [before ?? Number.NaN, after ?? Number.NaN];
    return {
      target: `${what}: last quarter / second <= ${slack}`,
      measured: `${(to / from).toFixed(2)} (${whole(from / unit)} to ${whole(to / unit)})`,
      isMet: to <= from * slack,
    };
  };
  const most = (quarter: number) =>
    Math.max(...quarterOf(samples, quarter).map(({ connections }) => connections));
  return [
    {
      target: `operations a second >= ${LEAST_MADE} of ${whole(wanted)}`,
      measured: made.toFixed(1),
      isMet: made >= wanted * LEAST_MADE,
    },
    flat("memory, MB", MEMORY_SLACK, ({ rssMb }) => rssMb ?? Number.NaN),
    {
      target: "connections: last quarter <= second",
      measured: `${most(1)} to ${most(3)}`,
      isMet: most(3) <= most(1),
    },
    flat("mirror's tables, kB", BYTES_SLACK, ({ mirrorBytes }) => mirrorBytes, 1024),
    flat("other tables, kB", BYTES_SLACK, ({ syncBytes }) => syncBytes, 1024),
    flat("bytes of a kept row", BYTES_SLACK, perKeptRow),
    {
      target: "nothing waits after the end",
      measured: restSeconds === undefined ? "it does" : `after ${restSeconds.toFixed(1)} s`,
      isMet: restSeconds !== undefined,
    },
    {
      target: "every delivery answered 200",
      measured: `${whole(undelivered)} not`,
      isMet: undelivered === 0,
    },
    {
      target: "equal with Attio",
      measured: differences.length === 0 ? "equal" : `${whole(differences.length)} differences`,
      isMet: differences.length === 0,
    },
  ];
}

/** @param quarter 0 is the first */
function quarterOf(samples: readonly Sample[], quarter: number): readonly Sample[] {
  const at = (part: number) => Math.floor((samples.length * part) / 4);
  return samples.slice(at(quarter), at(quarter + 1));
}

function perKeptRow({ keptBytes, keptRows }: Sample): number {
  return keptBytes / keptRows;
}

/** All that waited at the worst moment. */
export function mostWaiting(samples: readonly Sample[]): number {
  return Math.max(...samples.map(({ backlog }) => waiting(backlog)));
}
