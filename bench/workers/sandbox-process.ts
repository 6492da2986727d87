import { ALL_SCOPES, seedLarge, startSandbox } from "../../src/sandbox/index.ts";
import { BENCH_OBJECT, type SandboxPlace } from "../support/sandbox.ts";
import type { WorkersOptions } from "./options.ts";

const ATTRIBUTES = 10;

const order = JSON.parse(process.argv[2] ?? "") as WorkersOptions;
const sandbox = await startSandbox({ seed: "empty", latencyMs: order.answerMs });
for (let number = 1; number <= order.objects; number++)
  seedLarge(sandbox.store, {
    records: order.records,
    bytesPerRecord: order.bytesPerRecord,
    attributes: ATTRIBUTES,
    seed: number,
    slug: `${BENCH_OBJECT}_${String(number)}`,
  });
// The crawl of comments and files would use up the reads.
sandbox.setScopes(ALL_SCOPES.filter((scope) => !/^(comment|file):/.test(scope)));
const place: SandboxPlace = { url: sandbox.url, token: sandbox.token };
process.stdout.write(`${JSON.stringify(place)}\n`);
