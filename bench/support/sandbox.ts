import { seedLarge, startSandbox, type Sandbox, type SandboxOptions } from "../../src/sandbox/index.ts";

/** The object that is measured. */
export const BENCH_OBJECT = "bench";

/** A workspace of 100,000 records of 10 kB does not fit into Node's usual heap. */
export const SANDBOX_HEAP = "--max-old-space-size=8192";

/** What a sandbox's process is told, as JSON in its first argument. */
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

/** Starts a sandbox that holds the benchmark object, in this process, and says so on stdout. */
export async function serveSandbox(order: SandboxOrder, options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ ...options, seed: "empty" });
  seedLarge(sandbox.store, { ...order, seed: 1, slug: BENCH_OBJECT });
  const place: SandboxPlace = { url: sandbox.url, token: sandbox.token };
  process.stdout.write(`${JSON.stringify(place)}\n`);
  return sandbox;
}
