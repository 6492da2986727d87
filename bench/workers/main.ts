import { openDatabase, type Sql } from "../../src/db/index.ts";
import { tickChore } from "../../src/db/queries/chores.ts";
import { notify } from "../../src/db/notify.ts";
import { compile } from "../../scripts/compile.ts";
import { print, runBench } from "../support/command.ts";
import { startDaemon } from "../support/daemon.ts";
import { until, untilQuiet } from "../support/mirror-state.ts";
import { speak } from "../support/processes.ts";
import { SANDBOX_HEAP, type SandboxPlace } from "../support/sandbox.ts";
import { openServer } from "../support/server.ts";
import { median } from "../support/statistics.ts";
import { describeMachine, table, whole } from "../support/table.ts";
import { conclude } from "../support/verdicts.ts";
import { readOptions, USAGE } from "./options.ts";

const LEAST = 1.6;

/** The API's limits are not what is measured. */
const SETTINGS = { ATTIO_READS_PER_SECOND: "1000" };

async function main(argv: readonly string[]): Promise<void> {
  const options = readOptions(argv);
  const program = await compile("bench", ["bench"]);
  const server = await openServer(process.env["DATABASE_URL"]);
  const sandbox = await speak(program("bench/workers/sandbox-process"), options, [SANDBOX_HEAP]);
  const machine = describeMachine(server.version);
  const { objects, records, answerMs } = options;
  print(
    `\n${whole(objects * records)} records of ${String(objects)} objects, answers after ${String(answerMs)} ms; ${machine}\n`,
  );
  const databaseUrl = await server.database("bench_workers", { isNew: true });
  const db = await openDatabase(databaseUrl, { connections: 2, applicationName: "bench" });
  const order = { program: program("src/main"), place: sandbox.said as SandboxPlace, databaseUrl };
  const start = (roles: readonly string[]) =>
    startDaemon({ ...order, roles, redisUrl: undefined, profileFolder: undefined, settings: SETTINGS });
  const times: { one: number[]; two: number[] } = { one: [], two: [] };
  const first = await start(["all"]);
  try {
    await untilQuiet(db.sql);
    for (let round = 0; round < options.rounds; round++) {
      times.one.push(await readAll(db.sql));
      const second = await start(["web", "worker"]);
      try {
        times.two.push(await readAll(db.sql));
      } finally {
        await second.stop();
      }
    }
  } finally {
    await first.stop();
    await db.close();
    await sandbox.stop();
    await server.close();
  }
  const ratios = times.one.map((ms, round) => ms / (times.two[round] ?? Number.NaN));
  const rate = (ms: readonly number[]) => whole((objects * records * 1_000) / median(ms));
  print(
    `\n${table([
      ["processes", "records a second", "ms (median)"],
      ["one", rate(times.one), whole(median(times.one))],
      ["two", rate(times.two), whole(median(times.two))],
    ])}`,
  );
  const ratio = median(ratios);
  conclude([
    {
      target: `two worker processes / one, all streams read again >= ${String(LEAST)}`,
      measured: `${ratio.toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
      isMet: ratio >= LEAST,
    },
  ]);
}

/** Has every stream read in full, as the schedule does. @returns milliseconds from the first run's begin to the last one's end */
async function readAll(sql: Sql): Promise<number> {
  const [before] = await sql<{ at: string }[]>`SELECT clock_timestamp()::text AS at`;
  await tickChore(sql, "backfill");
  await notify(sql);
  const since = before?.at ?? "";
  let ms = 0;
  await until(async () => {
    const [row] = await sql<{ left: number; ms: number }[]>`
      SELECT count(*) FILTER (WHERE r.state IS DISTINCT FROM 'done') AS left,
        extract(epoch FROM max(r.finished_at) - min(r.started_at))::float8 * 1000 AS ms
      FROM attio_sync.streams s LEFT JOIN attio_sync.runs r ON r.stream = s.stream AND r.started_at > ${since}::text::timestamptz
      WHERE s.state = 'ok' AND s.stream <> 'threads'`;
    ms = row?.ms ?? 0;
    return row?.left === 0;
  });
  await untilQuiet(sql);
  return ms;
}

await runBench(main, USAGE);
