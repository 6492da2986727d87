import { createAttioClient, createLocalBudget } from "../../src/attio/index.ts";
import { migrate, type Database } from "../../src/db/index.ts";
import { silentLog } from "../../src/logger.ts";
import { backfill } from "../../src/sync/backfill/index.ts";
import { speak } from "../support/processes.ts";
import { BENCH_OBJECT, SANDBOX_HEAP } from "../support/sandbox.ts";
import type { SandboxOrder, SandboxPlace } from "../support/sandbox.ts";

/** Far above what is reached, so that nothing waits for the budget. */
const PER_SECOND = 2_000;

/** Fills a new database with the mirror of the benchmark object, open for local writes; its sandbox is gone afterwards. */
export async function mirrorOpenly(db: Database, program: string, order: SandboxOrder): Promise<void> {
  await migrate(db);
  const sandbox = await speak(program, order, [SANDBOX_HEAP]);
  const place = sandbox.said as SandboxPlace;
  const client = createAttioClient({
    token: place.token,
    baseUrl: place.url,
    budget: createLocalBudget({ readsPerSecond: PER_SECOND, writesPerSecond: PER_SECOND }),
  });
  const deps = { db, client, log: silentLog, raw: false, deleteMode: "hard", outbound: "*" } as const;
  try {
    const [result] = await backfill(deps, { streams: [BENCH_OBJECT] });
    if (result?.rows !== order.records)
      throw new Error(`the backfill ended ${result?.state ?? "without a result"}`);
  } finally {
    await client.close();
    await sandbox.stop();
  }
}
