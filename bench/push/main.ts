import { compile } from "../../scripts/compile.ts";
import { print, runBench } from "../support/command.ts";
import { speak } from "../support/processes.ts";
import { queueKinds } from "../support/queue-kinds.ts";
import { SANDBOX_HEAP } from "../support/sandbox.ts";
import type { SandboxOrder } from "../support/sandbox.ts";
import { openServer } from "../support/server.ts";
import { describeMachine } from "../support/table.ts";
import { runCourse, type Measured } from "./course.ts";
import { readOptions, USAGE } from "./options.ts";
import { report } from "./report.ts";
import { conclude } from "../support/verdicts.ts";
import { judge } from "./targets.ts";
import { Workspace } from "./workspace.ts";

const ATTRIBUTES = 25;

async function main(argv: readonly string[]): Promise<void> {
  const options = readOptions(argv);
  const { edits, rows, amid, shared, bytesPerRecord } = options;
  const records = Math.max(edits, rows + amid, 2 * shared);
  const program = await compile("bench", ["bench"]);
  const server = await openServer(process.env["DATABASE_URL"]);
  const order: SandboxOrder = { records, bytesPerRecord, attributes: ATTRIBUTES };
  const machine = describeMachine(server.version);
  const sandbox = await speak(program("bench/push/sandbox-process"), order, [SANDBOX_HEAP]);
  try {
    print(`\n${order.records} records of ${bytesPerRecord} bytes; ${machine}\n`);
    const track = { options, server, program, workspace: new Workspace(sandbox) };
    const results: Measured[] = [];
    for (const queue of queueKinds(process.env["REDIS_URL"])) {
      results.push(await runCourse(track, queue, results.length));
      print(`${queue.name} is measured\n`);
    }
    print(`\n${report(results)}`);
    conclude(results.flatMap((measured) => judge(measured, options.writesPerSecond)));
  } finally {
    await sandbox.stop();
    await server.close();
  }
}

await runBench(main, USAGE);
