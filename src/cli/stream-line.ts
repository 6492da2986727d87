import type { StreamResult } from "../sync/backfill/index.ts";

/** States in which a stream did not get done although nobody wanted that. */
const FAILED_STATES: ReadonlySet<string> = new Set(["parked", "failed"]);

/** Whether a stream was not read as it should be: it failed, or was asked for by name and Attio does not show it. */
export function isNotDone(
  { stream, state }: { stream: string; state: string },
  askedFor: readonly string[],
): boolean {
  return FAILED_STATES.has(state) || (state !== "ok" && askedFor.includes(stream));
}

/** A stream's result as one JSON line; `state` and `reason` only where there is something to say. */
export function toJsonLine(result: StreamResult): string {
  const { stream, rows, written, unchanged, deleted, requests, ms, state, reason } = result;
  const numbers = { stream, rows, written, unchanged, deleted, requests, ms: Math.round(ms) };
  return `${JSON.stringify(state === "ok" ? numbers : { ...numbers, state, reason })}\n`;
}

/** A stream's result for people. */
export function toPlainLine(result: StreamResult): string {
  const { stream, rows, written, unchanged, deleted, requests, ms, state, reason } = result;
  if (state !== "ok") return `${stream.padEnd(24)} ${state}: ${reason ?? "no reason given"}\n`;
  const counts = [
    `${count(rows)} rows`,
    `${count(written)} written`,
    `${count(unchanged)} unchanged`,
    `${count(deleted)} deleted`,
    `${count(requests)} requests`,
  ];
  return `${stream.padEnd(24)} ${counts.join(", ")}, ${(ms / 1000).toFixed(1)} s\n`;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
