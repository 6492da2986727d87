import { setTimeout as delay } from "node:timers/promises";
import { openDatabase, type Sql } from "../../src/db/index.ts";
import { notify } from "../../src/db/notify.ts";
import { wantBackfillOf } from "../../src/db/queries/chores.ts";
import { compile } from "../../scripts/compile.ts";
import { print, runBench } from "../support/command.ts";
import { startDaemon } from "../support/daemon.ts";
import { runsOf, until, untilQuiet } from "../support/mirror-state.ts";
import { cpuOfProcess } from "../support/process-cpu.ts";
import { speak } from "../support/processes.ts";
import type { Spoken } from "../support/processes.ts";
import { queueKinds, type QueueKind } from "../support/queue-kinds.ts";
import { BENCH_OBJECT, SANDBOX_HEAP } from "../support/sandbox.ts";
import type { SandboxOrder, SandboxPlace } from "../support/sandbox.ts";
import { openServer } from "../support/server.ts";
import type { BenchServer } from "../support/server.ts";
import { describeMachine } from "../support/table.ts";
import type { SandboxRequest, SentEdit } from "./edits.ts";
import { Meter } from "./meter.ts";
import { readOptions, USAGE } from "./options.ts";
import type { LiveOptions } from "./options.ts";
import { conclude } from "../support/verdicts.ts";
import { judge, report } from "./report.ts";
import type { Part } from "./report.ts";

const ATTRIBUTES = 25;

/** A row that was not there so long after the last delivery counts as lost. */
const PATIENCE_MS = 10_000;

interface Track {
  options: LiveOptions;
  server: BenchServer;
  program: (name: string) => string;
  sandbox: Spoken;
  ids: readonly string[];
}

async function main(argv: readonly string[]): Promise<void> {
  const options = readOptions(argv);
  const program = await compile("bench", ["bench"]);
  const server = await openServer(process.env["DATABASE_URL"]);
  const order: SandboxOrder = {
    records: options.records,
    bytesPerRecord: options.bytesPerRecord,
    attributes: ATTRIBUTES,
  };
  const machine = describeMachine(server.version);
  const sandbox = await speak(program("bench/live/sandbox-process"), order, [SANDBOX_HEAP]);
  try {
    print(`\n${options.records} records of ${options.bytesPerRecord} bytes; ${machine}\n`);
    const ids = (await ask(sandbox, { do: "list" })) as string[];
    const track = { options, server, program, sandbox, ids };
    const parts: Part[] = [];
    for (const queue of queueKinds(process.env["REDIS_URL"])) {
      const course = new Course(track, queue);
      parts.push(...(await course.run()));
    }
    print(`\n${report(parts)}`);
    conclude(judge(parts));
  } finally {
    await sandbox.stop();
    await server.close();
  }
}

/** Numbers of edits are never used twice, so that each value is told from all others. */
let nextEdit = 0;

/** A daemon's life: its first backfill, the crawl behind it, quiet, and one more backfill, with edits all the time. */
class Course {
  readonly #track: Track;
  readonly #queue: QueueKind;

  constructor(track: Track, queue: QueueKind) {
    this.#track = track;
    this.#queue = queue;
  }

  async run(): Promise<Part[]> {
    const { server, program, sandbox, options } = this.#track;
    const databaseUrl = await server.database("bench_live", { isNew: true });
    const db = await openDatabase(databaseUrl, { connections: 2, applicationName: "bench" });
    const daemon = await startDaemon({
      program: program("src/main"),
      roles: ["all"],
      place: sandbox.said as SandboxPlace,
      databaseUrl,
      redisUrl: this.#queue.redisUrl,
      profileFolder: options.profileFolder,
    });
    const measure = (title: string, end: () => Promise<unknown>) =>
      this.#measure(db.sql, daemon.pid, title, end);
    const runs = () => runsOf(db.sql, BENCH_OBJECT);
    const isOver = () => delay(options.seconds * 1_000);
    const isBackfilled = () => until(async () => !(await runs()).isRunning);
    try {
      await until(async () => (await runs()).begun > 0);
      const first = await measure("first backfill", isBackfilled);
      // What follows by itself: comments and files, a request for each record, as fast as the budget allows.
      const crawl = await measure("crawl, budget used up", isOver);
      await ask(sandbox, { do: "forbidCrawl" });
      await untilQuiet(db.sql);
      const quiet = await measure("nothing", isOver);
      await untilQuiet(db.sql);
      const { begun } = await runs();
      await wantBackfillOf(db.sql, [BENCH_OBJECT]);
      await notify(db.sql);
      await until(async () => (await runs()).begun > begun);
      const again = await measure("backfill, all unchanged", isBackfilled);
      return [quiet, first, again, crawl];
    } finally {
      await daemon.stop();
      await db.close();
      await ask(sandbox, { do: "reset" });
    }
  }

  /** Edits at a steady pace until `end` resolves. */
  async #measure(sql: Sql, pid: number, title: string, end: () => Promise<unknown>): Promise<Part> {
    const { sandbox, ids } = this.#track;
    const from = nextEdit;
    const meter = new Meter(sql, ids, from);
    const beganMs = performance.now();
    const before = this.#cpu(pid);
    tell(sandbox, { do: "edit", from });
    await end();
    const seconds = (performance.now() - beganMs) / 1_000;
    const after = this.#cpu(pid);
    const sent = (await ask(sandbox, { do: "stop" })) as SentEdit[];
    await Promise.race([until(() => Promise.resolve(sent.every(isThere))), delay(PATIENCE_MS)]);
    await meter.stop();
    nextEdit = from + sent.length;
    function isThere({ edit }: SentEdit): boolean {
      return meter.arrivedAtMs(edit) !== undefined;
    }
    const latenciesMs = sent.flatMap(({ edit, sentAtMs }) => {
      const arrivedAtMs = meter.arrivedAtMs(edit);
      return arrivedAtMs === undefined ? [] : [arrivedAtMs - sentAtMs];
    });
    const cpuMs = {
      daemon: since(before.daemon, after.daemon),
      postgres: since(before.postgres, after.postgres),
      sandbox: since(before.sandbox, after.sandbox),
    };
    print(`${this.#queue.name}, ${title}: ${sent.length} deliveries in ${seconds.toFixed(0)} s\n`);
    const lost = sent.length - latenciesMs.length;
    return { queue: this.#queue.name, title, seconds, latenciesMs, lost, cpuMs };
  }

  #cpu(pid: number): Part["cpuMs"] {
    const { server, sandbox } = this.#track;
    return { daemon: cpuOfProcess(pid), postgres: server.cpuMs(), sandbox: cpuOfProcess(sandbox.pid) };
  }
}

function since(before: number | undefined, now: number | undefined): number | undefined {
  return before === undefined || now === undefined ? undefined : now - before;
}

function tell(sandbox: Spoken, request: SandboxRequest): void {
  sandbox.send(request);
}

function ask(sandbox: Spoken, request: SandboxRequest): Promise<unknown> {
  return sandbox.ask(request);
}

await runBench(main, USAGE);
