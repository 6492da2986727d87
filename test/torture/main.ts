import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { print, runBench } from "../../bench/support/command.ts";
import { compile } from "../../scripts/compile.ts";
import { operationsOf, type Operation } from "./operation.ts";
import { readOptions, USAGE, type TortureOptions } from "./options.ts";
import { play, type Outcome } from "./play.ts";
import { Services } from "./services.ts";
import { describeSetup, setupOf, type Setup } from "./setup.ts";
import { shrink } from "./shrink.ts";
import type { Programs } from "./world.ts";

/** How many of a failure's reasons are shown. */
const REASONS_SHOWN = 12;

interface Failure {
  setup: Setup;
  operations: readonly Operation[];
}

/** Tortures the daemon with one seed after another, and says which failed. */
async function main(argv: readonly string[]): Promise<void> {
  const options = readOptions(argv);
  const program = await compile("torture", ["test/torture"]);
  const programs = { main: program("src/main"), clockAhead: program("test/torture/clock-ahead") };
  const setups = Array.from({ length: options.seeds }, (_, place) => options.from + place).flatMap((seed) =>
    options.queues.map((queue) => setupOf(seed, queue)),
  );
  const began = performance.now();
  const failures: Failure[] = [];
  const folder = await mkdtemp(join(tmpdir(), "attio-mirror-torture-log-"));
  const waiting = [...setups];
  const work = async (): Promise<void> => {
    const services = await Services.start();
    try {
      for (let setup = waiting.shift(); setup !== undefined; setup = waiting.shift()) {
        const operations = operationsOf(setup.seed, options.operations, options.only);
        if (!(await runSeed(services, programs, setup, operations, folder)))
          failures.push({ setup, operations });
      }
    } finally {
      await services.close();
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.jobs, setups.length) }, work));
  const [first] = failures;
  if (first !== undefined && options.shrinkMs > 0) await shorten(programs, first, options);
  const seconds = Math.round((performance.now() - began) / 1000);
  print(
    `torture: ${String(options.seeds)} seeds of ${String(options.operations)} operations in ${String(seconds)} s, ` +
      `queues ${options.queues.join(" and ")}: ${String(setups.length - failures.length)} of ${String(setups.length)} well\n`,
  );
  if (failures.length > 0) process.exitCode = 1;
}

/** Plays one seed and prints its line. @returns whether all is well */
async function runSeed(
  services: Services,
  programs: Programs,
  setup: Setup,
  operations: readonly Operation[],
  folder: string,
): Promise<boolean> {
  const began = performance.now();
  const outcome = await play(services, programs, setup, operations).catch(notPlayed);
  const isWell = outcome.wrong.length === 0;
  const seconds = Math.round((performance.now() - began) / 1000);
  print(
    `seed ${String(setup.seed)} ${isWell ? "well" : "FAILED"} in ${String(seconds)} s, of which ${outcome.seconds.played.toFixed(0)} s of play (${describeSetup(setup)})\n`,
  );
  print(`  changes ${JSON.stringify(outcome.changes)}, refused ${JSON.stringify(outcome.refusals)}\n`);
  if (!isWell) await report(setup, outcome, folder);
  return isWell;
}

/** A world that does not even come up, or that ends the play, is a failure like any other. */
function notPlayed(error: unknown): Outcome {
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { wrong: [reason], changes: {}, refusals: {}, seconds: { played: 0, rested: 0 }, record: "" };
}

async function report(setup: Setup, { wrong, record }: Outcome, folder: string): Promise<void> {
  for (const reason of wrong.slice(0, REASONS_SHOWN)) print(`  ${reason}\n`);
  if (wrong.length > REASONS_SHOWN) print(`  and ${String(wrong.length - REASONS_SHOWN)} more\n`);
  const file = join(folder, `seed-${String(setup.seed)}-${setup.queue}.log`);
  await writeFile(file, `${wrong.join("\n")}\n\n${record}`);
  print(`  the whole record: ${file}\n`);
}

/** Prints the shortest list of operations found that still fails. */
async function shorten(
  programs: Programs,
  { setup, operations }: Failure,
  options: TortureOptions,
): Promise<void> {
  const services = await Services.start();
  const end = performance.now() + options.shrinkMs;
  try {
    const shortest = await shrink(
      operations,
      async (shorter) => {
        const { wrong } = await play(services, programs, setup, shorter).catch(notPlayed);
        print(
          `  without some: ${String(shorter.length)} operations ${wrong.length > 0 ? "fail" : "are well"}\n`,
        );
        return wrong.length > 0;
      },
      () => performance.now() > end,
    );
    print(
      `the shortest list of seed ${String(setup.seed)} that failed, ${String(shortest.length)} operations:\n`,
    );
    for (const operation of shortest) print(`  ${JSON.stringify(operation)}\n`);
  } finally {
    await services.close();
  }
}

await runBench(main, USAGE);
