import { readFileSync } from "node:fs";

/** The memory that a process has now, in megabytes; undefined where the system does not tell. */
export function rssOfProcess(pid: number): number | undefined {
  try {
    const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return found === null ? undefined : Number(found[1]) / 1024;
  } catch {
    return undefined;
  }
}
