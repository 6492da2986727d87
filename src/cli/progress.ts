import { MultiBar, Presets, type SingleBar } from "cli-progress";
import type { Io } from "./io.ts";

/** How far one stream has got. */
export interface Progress {
  stream: string;
  rows: number;
  /** How many rows are expected; null where nobody knows. */
  expected: number | null;
}

/** Shows streams under way, and prints a line for each that is done. */
export interface ProgressDisplay {
  update(progress: Progress): void;
  /** Takes the stream's bar away and prints its result, to stdout. */
  finish(stream: string, line: string): void;
  stop(): void;
}

/** Bars on a terminal, drawn on stderr; elsewhere the finished streams' lines alone. */
export function createProgressDisplay(io: Io): ProgressDisplay {
  if (io.stderr.isTTY === true) return createBars(io);
  return {
    update: () => undefined,
    finish: (_, line) => void io.stdout.write(line),
    stop: () => undefined,
  };
}

const NAME_WIDTH = 24;

function createBars(io: Io): ProgressDisplay {
  const multiBar = new MultiBar(
    {
      format: `{name} {bar} {value} rows`,
      stream: io.stderr,
      hideCursor: true,
      barsize: 30,
      clearOnComplete: true,
    },
    Presets.shades_classic,
  );
  const bars = new Map<string, SingleBar>();
  return {
    update({ stream, rows, expected }) {
      const total = Math.max(expected ?? 0, rows, 1);
      const bar = bars.get(stream) ?? multiBar.create(total, rows, { name: stream.padEnd(NAME_WIDTH) });
      bars.set(stream, bar);
      bar.setTotal(total);
      bar.update(rows);
    },
    finish(stream, line) {
      const bar = bars.get(stream);
      if (bar !== undefined) multiBar.remove(bar);
      bars.delete(stream);
      // On a terminal the line must go above the bars that are left; a pipe has none.
      if (io.stdout.isTTY === true) multiBar.log(line);
      else io.stdout.write(line);
    },
    stop() {
      multiBar.update();
      multiBar.stop();
    },
  };
}
