import type { Database } from "../../db/client.ts";
import { holdStream } from "../../db/locks.ts";
import { markDirty } from "../../db/queries/dirty.ts";
import { findAbsurdTables, raiseTickets, resetAhead } from "../../db/queries/fetch-sequence.ts";
import { transact } from "../../db/tx.ts";
import type { Log } from "../../logger.ts";
import { FIXED_TARGETS } from "../fetch/fixed-sources.ts";

/**
 * Brings the sequence of fetches and the numbers in the rows together. A row with an absurd number, which no fetch would write
 * again, gets the number of now and is fetched; following it, the sequence would come to its end.
 */
export async function mendSequence({ sql }: Database, log: Log): Promise<void> {
  const streams = new Map(Object.values(FIXED_TARGETS).map(({ table, stream }) => [table, stream]));
  // Before rows are reset that are merely ahead, as after a restore.
  if (await raiseTickets(sql)) log.warn("the sequence of tickets was behind the stored ones and was raised");
  for (const found of await findAbsurdTables(sql)) {
    const stream = found.stream ?? streams.get(found.table);
    if (stream === undefined) continue;
    const ids = await transact(sql, async (tx) => {
      await holdStream(tx, stream);
      const reset = await resetAhead(tx, found);
      await markDirty(tx, stream, reset, "absurd fetch sequence");
      return reset;
    });
    log.warn(
      { stream, rows: ids.length },
      "rows held a _fetch_seq that was never given; it is reset and the rows are fetched again",
    );
  }
}
