import { readFileSync } from "node:fs";

/** The most memory that this process has had, in megabytes. */
export function peakRssMb(): number {
  const kilobytes = ofLinux() ?? process.resourceUsage().maxRSS;
  return kilobytes / 1024;
}

/** `maxRSS` would count what the parent had when it started this process. */
function ofLinux(): number | undefined {
  if (process.platform !== "linux") return undefined;
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"));
  return found === null ? undefined : Number(found[1]);
}
