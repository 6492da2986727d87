import { print } from "./command.ts";
import { table } from "./table.ts";

/** Something that shall hold, as measured. */
export interface Verdict {
  target: string;
  measured: string;
  isMet: boolean;
}

/** The table of what shall hold, as Markdown. */
export function verdictTable(verdicts: readonly Verdict[]): string {
  return table([
    ["target", "measured", ""],
    ...verdicts.map(({ target, measured, isMet }) => [target, measured, isMet ? "met" : "MISSED"]),
  ]);
}

/** Prints a benchmark's verdicts, and tells them to the run of all benchmarks where it is part of one. */
export function conclude(verdicts: readonly Verdict[]): void {
  print(`\n${verdictTable(verdicts)}`);
  process.send?.(verdicts);
}
