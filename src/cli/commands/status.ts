import { isMigrated } from "../../db/index.ts";
import { readStatus } from "../../sync/status.ts";
import type { Context } from "../context.ts";
import { openMirrorDatabase } from "../database.ts";
import { EXIT_DONE } from "../failure.ts";
import { drawTable } from "../table.ts";

/** `status`: the streams with their row counts, last backfill and state. */
export async function runStatus(context: Context, { json = false }: { json?: boolean }): Promise<number> {
  const mirror = await openMirrorDatabase(context);
  try {
    const streams = (await isMigrated(mirror.db)) ? await readStatus(mirror.db) : [];
    if (json) {
      context.io.stdout.write(`${JSON.stringify({ streams })}\n`);
    } else if (streams.length === 0) {
      context.io.stdout.write("Nothing is mirrored yet. Run: attio-mirror backfill\n");
    } else {
      const rows = streams.map(({ stream, rows, lastBackfillAt, state, reason }) => [
        stream,
        rows,
        lastBackfillAt ?? "never",
        state,
        reason,
      ]);
      context.io.stdout.write(drawTable(["stream", "rows", "last backfill", "state", "reason"], rows));
    }
    return EXIT_DONE;
  } finally {
    await mirror.close();
  }
}
