import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { print, runBench } from "../support/command.ts";
import { openServer } from "../support/server.ts";
import { describeMachine } from "../support/table.ts";
import { verdictTable, type Verdict } from "../support/verdicts.ts";

const USAGE = `npm run bench
Runs every benchmark, one after another, and prints one table of what was promised and what was measured.
DATABASE_URL and REDIS_URL are read as by each of them.
`;

/** Every benchmark, by its folder. */
const BENCHES = ["backfill", "live", "burst", "capture", "push", "workers"];

async function main(argv: readonly string[]): Promise<void> {
  if (argv.length > 0) throw new TypeError("npm run bench takes no options; each benchmark alone does");
  const server = await openServer(process.env["DATABASE_URL"]);
  const machine = describeMachine(server.version);
  await server.close();
  const verdicts: Verdict[] = [];
  for (const bench of BENCHES) {
    print(`\n## ${bench}\n`);
    const measured = await measure(bench);
    verdicts.push(...measured.map((verdict) => ({ ...verdict, target: `${bench}: ${verdict.target}` })));
  }
  print(`\n## All targets\n\n${machine}\n\n${verdictTable(verdicts)}`);
  if (verdicts.some(({ isMet }) => !isMet)) process.exitCode = 1;
}

/** Runs one in a process of its own. One that fails has missed its targets. */
async function measure(bench: string): Promise<Verdict[]> {
  const program = join(import.meta.dirname, "..", bench, "main.ts");
  const child = spawn(process.execPath, ["--import", "tsx", program], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const verdicts: Verdict[] = [];
  child.on("message", (message) => verdicts.push(...(message as Verdict[])));
  const [code] = (await once(child, "exit")) as [number | null];
  const isWhole = code === 0 && verdicts.length > 0;
  return isWhole
    ? verdicts
    : [...verdicts, { target: "runs to its end", measured: `exit code ${String(code)}`, isMet: false }];
}

await runBench(main, USAGE);
