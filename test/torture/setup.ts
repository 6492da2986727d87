import { createRandom } from "../../src/sandbox/support/random.ts";
import type { QueueKind } from "./services.ts";

/** What a seed decides besides the operations. */
export interface Setup {
  seed: number;
  queue: QueueKind;
  /** Roles of each process. */
  processes: readonly (readonly string[])[];
  /** Settings by their names in the environment. */
  settings: Readonly<Record<string, string>>;
  /** How far the clock of the last process is ahead; 0 = not at all. */
  clockAheadMs: number;
}

const LAYOUTS = [
  [["all"]],
  [["web", "scheduler", "worker"], ["worker"]],
  [["web"], ["worker", "scheduler"], ["worker"]],
  [["all"], ["worker", "scheduler"], ["worker"]],
] as const;

/** The setup of a seed: always the same one. */
export function setupOf(seed: number, queue: QueueKind): Setup {
  const random = createRandom(seed);
  return {
    seed,
    queue,
    processes: random.pick(LAYOUTS),
    clockAheadMs: random.chance(0.3) ? 7 * 60_000 : 0,
    settings: {
      CONFLICT_POLICY: random.pick(["latest", "latest", "attio", "local", "manual"]),
      DELETE_MODE: random.chance(0.25) ? "soft" : "hard",
      ...(random.chance(0.3) && { EXTERNAL_ID: "deals:mirror_id" }),
    },
  };
}

/** The setup in a line, for reports. */
export function describeSetup({ queue, processes, settings, clockAheadMs }: Setup): string {
  const roles = processes.map((one) => one.join("+")).join(" ");
  const ahead = clockAheadMs > 0 ? ", one clock ahead" : "";
  return `queue in ${queue}; ${roles}; ${Object.values(settings).join(" ")}${ahead}`;
}
