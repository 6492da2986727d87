import { setTimeout as delay } from "node:timers/promises";
import { openDatabase } from "../../src/db/index.ts";
import { startDaemon } from "../support/daemon.ts";
import { runsOf, until, untilQuiet } from "../support/mirror-state.ts";
import { cpuOfProcess } from "../support/process-cpu.ts";
import type { QueueKind } from "../support/queue-kinds.ts";
import { BENCH_OBJECT } from "../support/sandbox.ts";
import type { BenchServer } from "../support/server.ts";
import type { PushOptions } from "./options.ts";
import { measureBulk, type Bulk } from "./bulk.ts";
import { measureEdits, type Edits } from "./edits.ts";
import { measureOneRow, type OneRow } from "./one-row.ts";
import { measureTwoBulks, type TwoBulks } from "./two-bulks.ts";
import { measureUpdates, type Updates } from "./updates.ts";
import { User } from "./user.ts";
import type { Workspace } from "./workspace.ts";

/** What everything is measured with. */
export interface Track {
  options: PushOptions;
  server: BenchServer;
  program: (name: string) => string;
  workspace: Workspace;
}

/** What was measured with one kind of queue. */
export interface Measured {
  queue: string;
  edits: Edits;
  oneRow: OneRow;
  bulk: Bulk;
  twoBulks: TwoBulks;
  updates: Updates;
}

/** Who and what a part works with. */
export interface Stage {
  /** Of how many courses before this one the workspace has the values: an edit to the same value again is no change. */
  before: number;
  user: User;
  workspace: Workspace;
  ids: readonly string[];
  /** Resolves once nothing is on its way, in either direction. */
  quiet: () => Promise<void>;
  /** CPU time so far, in milliseconds; undefined where the system does not tell. */
  cpuMs: () => Record<"daemon" | "postgres", number | undefined>;
}

/** Time in which what was just pushed is announced and looked at. */
const ANNOUNCED_MS = 1_500;

/** Milliseconds between edits of one row in quick succession. */
const EVERY_MS = 100;

/** A daemon's life: the first backfill, then single edits, one row again and again, and many at once. */
export async function runCourse(track: Track, queue: QueueKind, before: number): Promise<Measured> {
  const { server, program, workspace, options } = track;
  const databaseUrl = await server.database("bench_push", { isNew: true });
  const db = await openDatabase(databaseUrl, { connections: 2, applicationName: "bench" });
  const daemon = await startDaemon({
    program: program("src/main"),
    roles: ["all"],
    place: workspace.place,
    databaseUrl,
    redisUrl: queue.redisUrl,
    profileFolder: options.profileFolder,
    settings: { OUTBOUND: "*", ATTIO_WRITES_PER_SECOND: String(options.writesPerSecond) },
  });
  const user = new User(databaseUrl);
  const quiet = async () => {
    await until(async () => (await user.changes()).underWay === 0);
    await untilQuiet(db.sql);
    await delay(ANNOUNCED_MS);
  };
  try {
    await until(async () => (await runsOf(db.sql, BENCH_OBJECT)).begun > 0);
    await quiet();
    const ids = await user.ids(Math.max(options.rows + options.amid, options.edits, 2 * options.shared));
    const cpuMs = () => ({ daemon: cpuOfProcess(daemon.pid), postgres: server.cpuMs() });
    const stage: Stage = { before, user, workspace, ids, quiet, cpuMs };
    await workspace.traffic();
    const edits = await measureEdits(stage, options.edits);
    const oneRow = await measureOneRow(stage, { ...options, everyMs: EVERY_MS });
    const bulk = await measureBulk(stage, options);
    const twoBulks = await measureTwoBulks(stage, options.shared);
    const updates = await measureUpdates(stage, options.updates);
    const { failed } = await user.changes();
    if (failed > 0) throw new Error(`${failed} changes did not reach Attio`);
    return { queue: queue.name, edits, oneRow, bulk, twoBulks, updates };
  } finally {
    await user.close();
    await daemon.stop();
    await db.close();
    await workspace.reset();
  }
}
