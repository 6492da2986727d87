import { quantile } from "../support/statistics.ts";
import { table, whole } from "../support/table.ts";
import type { Measured } from "./course.ts";

/** The tables of what was measured, as Markdown. */
export function report(results: readonly Measured[]): string {
  const edits = table([
    ["queue", "single edits", "to the read, p50", "to the write, p50", "p99", "max, ms"],
    ...results.map(({ queue, edits: { readMs, writeMs } }) => [
      queue,
      whole(writeMs.length),
      whole(quantile(readMs, 0.5)),
      ...[0.5, 0.99, 1].map((part) => whole(quantile(writeMs, part))),
    ]),
  ]);
  const bulk = table([
    [
      "queue",
      "rows at once",
      "first write, ms",
      "writes",
      "s",
      "a second",
      "429",
      "CPU, us a row",
      "of PostgreSQL",
    ],
    ...results.map(({ queue, bulk: { rows, firstMs, writes, seconds, perSecond, refused, cpuMs } }) => [
      queue,
      whole(rows),
      whole(firstMs),
      whole(writes),
      seconds.toFixed(1),
      perSecond.toFixed(2),
      whole(refused),
      ...[cpuMs.daemon, cpuMs.postgres].map((ms) => (ms === undefined ? "?" : whole((ms * 1_000) / rows))),
    ]),
  ]);
  const updates = table([
    ["queue", "updates of a row", "s", "writes"],
    ...results.map(({ queue, updates: { updates: count, seconds, writes } }) => [
      queue,
      whole(count),
      seconds.toFixed(1),
      whole(writes),
    ]),
  ]);
  const fair = table([
    [
      "queue",
      "one row in turn, p50",
      "max",
      "every 100 ms: last",
      "writes",
      "amid the bulk, p50",
      "p99, ms",
      "two bulks: the first's part",
    ],
    ...results.map(({ queue, oneRow, bulk: { amidMs }, twoBulks }) => [
      queue,
      ...[0.5, 1].map((part) => whole(quantile(oneRow.eachMs, part))),
      whole(oneRow.lastMs),
      whole(oneRow.writes),
      ...[0.5, 0.99].map((part) => whole(quantile(amidMs, part))),
      twoBulks.part.toFixed(2),
    ]),
  ]);
  return [edits, bulk, fair, updates].join("\n");
}
