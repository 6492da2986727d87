import type { Database } from "../../db/client.ts";
import { findSubscribedTables } from "../../db/queries/subscriptions.ts";
import type { Log } from "../../logger.ts";

/** Warns of mirror tables into which another database replicates: such writes fire no statement trigger, so nothing sees them. */
export async function warnOfSubscriptions({ sql }: Database, log: Log): Promise<void> {
  for (const { table, subscription } of await findSubscribedTables(sql))
    log.warn(
      { table, subscription },
      "a subscription writes into a mirror table past the capture: what it writes does not go to Attio",
    );
}
