import { seedLarge, startSandbox } from "../../src/sandbox/index.ts";
import { BENCH_OBJECT } from "./bench-object.ts";

/** What the sandbox's process is told, as JSON in its first argument. */
export interface SandboxOrder {
  records: number;
  bytesPerRecord: number;
  attributes: number;
}

/** What it says once it serves. */
export interface SandboxPlace {
  url: string;
  token: string;
}

const order = JSON.parse(process.argv[2] ?? "") as SandboxOrder;
const sandbox = await startSandbox({ seed: "empty" });
seedLarge(sandbox.store, { ...order, seed: 1, slug: BENCH_OBJECT });
const place: SandboxPlace = { url: sandbox.url, token: sandbox.token };
process.stdout.write(`${JSON.stringify(place)}\n`);
