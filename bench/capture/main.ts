import { openDatabase } from "../../src/db/index.ts";
import { compile } from "../../scripts/compile.ts";
import { print, runBench } from "../support/command.ts";
import type { SandboxOrder } from "../support/sandbox.ts";
import { openServer } from "../support/server.ts";
import { describeMachine } from "../support/table.ts";
import { Arena } from "./arena.ts";
import { readOptions, USAGE } from "./options.ts";
import { conclude } from "../support/verdicts.ts";
import { judge, report, type Measured } from "./report.ts";
import { STATEMENTS, UPDATE_ONE } from "./statements.ts";
import { mirrorOpenly } from "./workspace.ts";

const ATTRIBUTES = 25;

async function main(argv: readonly string[]): Promise<void> {
  const { rows, bytesPerRecord, rounds, explain } = readOptions(argv);
  const program = await compile("bench", ["bench"]);
  const server = await openServer(process.env["DATABASE_URL"]);
  try {
    const machine = describeMachine(server.version);
    print(`\n${rows} rows, of records of ${bytesPerRecord} bytes; ${machine}\n`);
    const databaseUrl = await server.database("bench_capture", { isNew: true });
    const db = await openDatabase(databaseUrl, { applicationName: "bench" });
    try {
      const order: SandboxOrder = { records: rows, bytesPerRecord, attributes: ATTRIBUTES };
      await mirrorOpenly(db, program("bench/support/sandbox-process"), order);
      const arena = await Arena.open(db);
      const results: Measured[] = [];
      for (const statement of STATEMENTS) {
        results.push({ statement, times: await arena.measure(statement, rounds) });
        print(`${statement.by}: ${statement.title} is measured\n`);
      }
      if (explain) print(`\n${await arena.explain(UPDATE_ONE)}`);
      await arena.close();
      print(`\n${report(results)}`);
      conclude(judge(results));
    } finally {
      await db.close();
    }
  } finally {
    await server.close();
  }
}

await runBench(main, USAGE);
