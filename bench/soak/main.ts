import { setTimeout as delay } from "node:timers/promises";
import { openDatabase, type Sql } from "../../src/db/index.ts";
import { compile } from "../../scripts/compile.ts";
import { findDifferences } from "../../test/support/oracle.ts";
import { print, runBench } from "../support/command.ts";
import { startDaemon } from "../support/daemon.ts";
import { untilQuiet } from "../support/mirror-state.ts";
import { speak, type Spoken } from "../support/processes.ts";
import { SANDBOX_HEAP, type SandboxPlace } from "../support/sandbox.ts";
import { openServer } from "../support/server.ts";
import { describeMachine, whole } from "../support/table.ts";
import { conclude } from "../support/verdicts.ts";
import type { SandboxRequest, Worked } from "./messages.ts";
import { readOptions, USAGE, type SoakOptions } from "./options.ts";
import { judge, mostWaiting, report, type Soaked } from "./report.ts";
import { readWaiting, takeSample, waiting, type Sample } from "./sample.ts";
import { User } from "./user.ts";

const SAMPLE_MS = 10_000;

/** Of all operations, those made by SQL: 15 of 50, below the write budget of 20. */
const LOCAL_PART = 0.3;

/** The first crawl of comments and files is not what is measured; writes keep to their budget. */
const SETTINGS = { OUTBOUND: "*", ATTIO_READS_PER_SECOND: "1000" };

/** What waits after the end may take so long. */
const REST_MS = 60_000;

/** A workspace's life for the length of a soak. */
interface Stage {
  options: SoakOptions;
  sandbox: Spoken;
  user: User;
  sql: Sql;
  pid: number;
}

async function main(argv: readonly string[]): Promise<void> {
  const options = readOptions(argv, process.env["REDIS_URL"]);
  const program = await compile("bench", ["bench"]);
  const server = await openServer(process.env["DATABASE_URL"]);
  const machine = describeMachine(server.version);
  const sandbox = await speak(program("bench/soak/sandbox-process"), {}, [SANDBOX_HEAP]);
  const place = sandbox.said as SandboxPlace;
  const databaseUrl = await server.database("bench_soak", { isNew: true });
  const db = await openDatabase(databaseUrl, { connections: 2, applicationName: "bench" });
  const user = new User(databaseUrl);
  try {
    const daemon = await startDaemon({
      program: program("src/main"),
      roles: ["all"],
      place,
      databaseUrl,
      redisUrl: options.redisUrl,
      profileFolder: undefined,
      settings: SETTINGS,
    });
    try {
      await untilQuiet(db.sql);
      print(`\n${options.minutes} minutes at ${options.ops} operations a second; ${machine}\n`);
      const stage = { options, sandbox, user, sql: db.sql, pid: daemon.pid };
      const soaked = await soak(stage, place);
      tell(soaked);
      conclude(judge(soaked));
    } finally {
      await daemon.stop();
    }
  } finally {
    await user.close();
    await db.close();
    await sandbox.stop();
    await server.close();
  }
}

/** Has both sides work, looks on, and compares them once they rest. */
async function soak({ options, sandbox, user, sql, pid }: Stage, place: SandboxPlace): Promise<Soaked> {
  const ask = (request: SandboxRequest) => sandbox.ask(request);
  const local = options.ops * LOCAL_PART;
  const beganMs = performance.now();
  const seconds = () => (performance.now() - beganMs) / 1_000;
  await ask({ do: "work", perSecond: options.ops - local });
  user.start(local);
  const samples: Sample[] = [];
  for (let next = SAMPLE_MS; next <= options.minutes * 60_000; next += SAMPLE_MS) {
    await delay(next - seconds() * 1_000);
    samples.push(await takeSample(sql, pid, seconds()));
  }
  const workedSeconds = seconds();
  await user.stop();
  const { operations, undelivered, things } = (await ask({ do: "rest" })) as Worked;
  const restSeconds = await rest(sql);
  print(`\n${whole(things)} things at the end, ${whole(user.operations)} operations by SQL\n`);
  return {
    samples,
    wanted: options.ops,
    made: (operations + user.operations) / workedSeconds,
    restSeconds,
    setAside: await readSetAside(sql),
    undelivered,
    differences: await findDifferences(place, sql, { resources: ["notes", "tasks"] }),
  };
}

/** Waits until nothing waits. @returns the seconds it took, or undefined when it took too long */
async function rest(sql: Sql): Promise<number | undefined> {
  const beganMs = performance.now();
  while (performance.now() - beganMs < REST_MS) {
    if (waiting(await readWaiting(sql)) === 0) return (performance.now() - beganMs) / 1_000;
    await delay(100);
  }
  return undefined;
}

async function readSetAside(sql: Sql): Promise<Record<string, number>> {
  const rows = await sql<{ what: string; count: number }[]>`
    SELECT concat_ws(' ', stream, operation, status, error_code) AS what, count(*) FROM attio_sync.outbox
    WHERE status NOT IN ('pending', 'pushing', 'pushed') GROUP BY what ORDER BY what`;
  return Object.fromEntries(rows.map(({ what, count }) => [what, count]));
}

function tell({ samples, setAside, differences }: Soaked): void {
  print(`\n${report(samples)}`);
  print(`\nwaiting at the worst sample: ${whole(mostWaiting(samples))}\n`);
  print(`changes that ended otherwise than in Attio: ${JSON.stringify(setAside)}\n`);
  for (const difference of differences.slice(0, 20)) print(`${difference}\n`);
}

await runBench(main, USAGE);
