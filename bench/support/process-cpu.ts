import { readdirSync, readFileSync } from "node:fs";

/** Of the clock that Linux counts CPU time in; the same on all its machines. */
const TICKS_PER_SECOND = 100;

/** CPU time that a process has had so far, in milliseconds; undefined where the system does not tell. */
export function cpuOfProcess(pid: number): number | undefined {
  const own = readStat(pid);
  return own === undefined ? undefined : toMs(own.ticks);
}

/** The same for a PostgreSQL server, by the id of one of its sessions: what runs now and what has ended. */
export function cpuOfServer(sessionPid: number): number | undefined {
  const session = readStat(sessionPid);
  if (session?.name !== "postgres") return undefined;
  const main = readStat(session.parent);
  if (main === undefined) return undefined;
  const children = listProcesses().filter((stat) => stat.parent === session.parent);
  return toMs(children.reduce((sum, { ticks }) => sum + ticks, main.ticks + main.ticksOfEnded));
}

interface Stat {
  name: string;
  parent: number;
  ticks: number;
  /** Of children that are gone. */
  ticksOfEnded: number;
}

function listProcesses(): Stat[] {
  return readdirSync("/proc").flatMap((entry) =>
    /^\d+$/.test(entry) ? (readStat(Number(entry)) ?? []) : [],
  );
}

/** Source: proc(5), `/proc/[pid]/stat`. */
function readStat(pid: number): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The name is in brackets and may hold anything.
  const end = text.lastIndexOf(")");
  const fields = text.slice(end + 2).split(" ");
  const field = (number: number) => Number(fields[number - 3]);
  return {
    name: text.slice(text.indexOf("(") + 1, end),
    parent: field(4),
    ticks: field(14) + field(15),
    ticksOfEnded: field(16) + field(17),
  };
}

function toMs(ticks: number): number {
  return (ticks * 1000) / TICKS_PER_SECOND;
}
