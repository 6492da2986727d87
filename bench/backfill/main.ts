import { compile } from "../../scripts/compile.ts";
import type { ContestantOrder } from "./contestant-process.ts";
import type { Measured, Run } from "./contestant.ts";
import { DISCIPLINES } from "./disciplines.ts";
import type { Discipline } from "./disciplines.ts";
import { LARGE_RECORDS, readOptions, USAGE } from "./options.ts";
import type { BenchOptions } from "./options.ts";
import { print, runBench } from "../support/command.ts";
import { cpuOfProcess } from "../support/process-cpu.ts";
import { runToEnd, speak } from "../support/processes.ts";
import type { Spoken } from "../support/processes.ts";
import { report } from "./report.ts";
import { SANDBOX_HEAP } from "../support/sandbox.ts";
import type { SandboxOrder, SandboxPlace } from "../support/sandbox.ts";
import { openServer } from "../support/server.ts";
import type { BenchServer } from "../support/server.ts";
import { describeMachine } from "../support/table.ts";
import { conclude } from "../support/verdicts.ts";
import { judge, perSecond } from "./targets.ts";

interface Course {
  records: number;
  rounds: number;
  disciplines: readonly Discipline[];
}

interface Track {
  options: BenchOptions;
  server: BenchServer;
  program: (name: string) => string;
}

async function main(argv: readonly string[]): Promise<void> {
  const options = readOptions(argv);
  const chosen = DISCIPLINES.filter(({ name }) => options.only.length === 0 || options.only.includes(name));
  const program = await compile("bench", ["bench"]);
  const server = await openServer(process.env["DATABASE_URL"]);
  try {
    const track = { options, server, program };
    await runCourse(track, { records: options.records, rounds: options.rounds, disciplines: chosen });
    if (!options.isLarge) return;
    const disciplines = chosen.filter(({ isSlow }) => !isSlow);
    await runCourse(track, { records: LARGE_RECORDS, rounds: 1, disciplines });
  } finally {
    await server.close();
  }
}

/** Runs all disciplines in turn, round after round, and prints what came of them. */
async function runCourse(track: Track, { records, rounds, disciplines }: Course): Promise<void> {
  const { options, server, program } = track;
  const { bytesPerRecord, attributes } = options;
  const order: SandboxOrder = { records, bytesPerRecord, attributes };
  const sandbox = await speak(program("bench/support/sandbox-process"), order, [SANDBOX_HEAP]);
  const results = new Map<string, Run[]>();
  const machine = describeMachine(server.version);
  try {
    print(`\n${records} records of ${bytesPerRecord} bytes, ${attributes} attributes; ${machine}\n`);
    for (let round = 1; round <= rounds; round++) {
      for (const discipline of disciplines) {
        const run = await runOne(track, discipline, sandbox);
        if (run.records !== records)
          throw new Error(`${discipline.title} got ${run.records} of ${records} records`);
        results.set(discipline.name, [...(results.get(discipline.name) ?? []), run]);
        print(`round ${round}: ${discipline.title}: ${perSecond(run).toFixed(0)} records/s\n`);
      }
    }
    print(`\n${report(results)}`);
    conclude(judge(results));
  } finally {
    await sandbox.stop();
  }
}

async function runOne(track: Track, discipline: Discipline, sandbox: Spoken): Promise<Run> {
  const { server, program, options } = track;
  const { contestant, continues } = discipline;
  const databaseUrl = await server.database(`bench_${contestant.toLowerCase()}`, { isNew: !continues });
  const order: ContestantOrder = { contestant, place: sandbox.said as SandboxPlace, databaseUrl };
  const profile =
    options.profileFolder === undefined || contestant !== "mirror"
      ? []
      : ["--cpu-prof", `--cpu-prof-dir=${options.profileFolder}`];
  const cpuBefore = { server: server.cpuMs(), sandbox: cpuOfProcess(sandbox.pid) };
  const measured = (await runToEnd(program("bench/backfill/contestant-process"), order, profile)) as Measured;
  return {
    ...measured,
    serverCpuMs: since(cpuBefore.server, server.cpuMs()),
    sandboxCpuMs: since(cpuBefore.sandbox, cpuOfProcess(sandbox.pid)),
  };
}

function since(before: number | undefined, now: number | undefined): number | undefined {
  return before === undefined || now === undefined ? undefined : now - before;
}

await runBench(main, USAGE);
