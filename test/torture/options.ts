import { parseArgs } from "node:util";
import { wholeNumber } from "../../bench/support/whole-number.ts";
import type { QueueKind } from "./services.ts";

/** What the command line asks for. */
export interface TortureOptions {
  seeds: number;
  /** The first seed. */
  from: number;
  operations: number;
  queues: readonly QueueKind[];
  /** The kinds of operations that are played; all, if empty. */
  only: readonly string[];
  /** How many worlds at once. */
  jobs: number;
  /** How long a failure may be shortened; 0 = not at all. */
  shrinkMs: number;
}

export const USAGE = `npm run torture -- [options]
  --seeds N       how many seeds (20)
  --from N        the first seed (1)
  --ops N         operations of each (500)
  --queue KIND    postgres, redis, or both (both)
  --only KINDS    only operations of these kinds, as in act,spent-id,pause
  --jobs N        worlds at once, each with servers of its own (1)
  --shrink N      minutes for shortening the first failure (10)
  --no-shrink     leave failures as they are
`;

/** Reads the command line. Throws TypeError for what it does not know. */
export function readOptions(argv: readonly string[]): TortureOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seeds: { type: "string", default: "20" },
      from: { type: "string", default: "1" },
      ops: { type: "string", default: "500" },
      queue: { type: "string", default: "both" },
      only: { type: "string", default: "" },
      jobs: { type: "string", default: "1" },
      shrink: { type: "string", default: "10" },
      "no-shrink": { type: "boolean", default: false },
    },
  });
  return {
    seeds: wholeNumber("seeds", values.seeds),
    from: wholeNumber("from", values.from),
    operations: wholeNumber("ops", values.ops),
    queues: queuesOf(values.queue),
    only: values.only.split(",").filter((kind) => kind !== ""),
    jobs: wholeNumber("jobs", values.jobs),
    shrinkMs: values["no-shrink"] ? 0 : wholeNumber("shrink", values.shrink) * 60_000,
  };
}

function queuesOf(text: string): readonly QueueKind[] {
  if (text === "both") return ["postgres", "redis"];
  if (text === "postgres" || text === "redis") return [text];
  throw new TypeError("--queue must be postgres, redis or both");
}
