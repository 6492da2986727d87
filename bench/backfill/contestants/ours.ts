import { createAttioClient, createLocalBudget } from "../../../src/attio/index.ts";
import { migrate, openDatabase } from "../../../src/db/index.ts";
import { silentLog } from "../../../src/logger.ts";
import { backfill } from "../../../src/sync/backfill/index.ts";
import { syncSchema } from "../../../src/sync/schema/sync-schema.ts";
import { BENCH_OBJECT } from "../../support/sandbox.ts";
import type { Contestant } from "../contestant.ts";

/** Far above what one process reaches, so that the budget is not what is measured. */
const READS_PER_SECOND = 2000;

/** The mirror's own backfill, with its look at the schema; as the floor, it finds its table made. */
export const mirror: Contestant = async ({ place, databaseUrl }) => {
  const db = await openDatabase(databaseUrl);
  await migrate(db);
  const client = createAttioClient({
    token: place.token,
    baseUrl: place.url,
    budget: createLocalBudget({ readsPerSecond: READS_PER_SECOND, writesPerSecond: 20 }),
  });
  const deps = { db, client, log: silentLog, raw: false, deleteMode: "hard", outbound: "off" } as const;
  await syncSchema(deps);
  return {
    go: async () => {
      const [result] = await backfill(deps, { streams: [BENCH_OBJECT] });
      if (result?.state !== "ok")
        throw new Error(`the backfill ended ${result?.state ?? "without a result"}`);
      return result.rows;
    },
    close: async () => {
      await client.close();
      await db.close();
    },
  };
};
