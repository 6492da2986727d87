import { compile } from "../../scripts/compile.ts";
import { print, runBench } from "../support/command.ts";
import { queueKinds } from "../support/queue-kinds.ts";
import { openServer } from "../support/server.ts";
import { describeMachine } from "../support/table.ts";
import { readOptions, USAGE } from "./options.ts";
import { measureReceiver } from "./receiver.ts";
import { conclude } from "../support/verdicts.ts";
import { judge, report } from "./report.ts";
import { measureStorm } from "./storm.ts";
import type { Storm } from "./storm.ts";

/** A daemon of the role `web` asks nothing of Attio. */
const NOWHERE = { url: "http://127.0.0.1:9", token: "none" };

async function main(argv: readonly string[]): Promise<void> {
  const options = readOptions(argv);
  const program = await compile("bench", ["bench"]);
  const server = await openServer(process.env["DATABASE_URL"]);
  const track = { options, server, program, place: NOWHERE };
  try {
    const { events, records, bytesPerRecord } = options;
    const machine = describeMachine(server.version);
    print(`\n${events} events on ${records} records of ${bytesPerRecord} bytes; ${machine}\n`);
    const reception = await measureReceiver(track);
    print("the receiver is measured\n");
    const storms: Storm[] = [];
    for (const queue of queueKinds(process.env["REDIS_URL"])) {
      storms.push(await measureStorm(track, queue));
      print(`${queue.name} is measured\n`);
    }
    print(`\n${report(reception, storms)}`);
    conclude(judge(reception, storms));
  } finally {
    await server.close();
  }
}

await runBench(main, USAGE);
