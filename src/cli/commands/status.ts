import { hasMirror } from "../../db/index.ts";
import { readStatus, type StreamStatus } from "../../sync/status.ts";
import type { Context } from "../context.ts";
import { openMirrorDatabase } from "../database.ts";
import { EXIT_DONE } from "../failure.ts";
import { drawTable } from "../table.ts";

const HEAD = ["stream", "rows", "last backfill", "state", "pending", "failed", "conflicts", "reason"];

/** `status`: the streams with their row counts, last backfill, local changes that are not in Attio, and state. */
export async function runStatus(context: Context, { json = false }: { json?: boolean }): Promise<number> {
  const mirror = await openMirrorDatabase(context);
  try {
    const streams = (await hasMirror(mirror.db)) ? await readStatus(mirror.db) : [];
    if (json) {
      context.io.stdout.write(`${JSON.stringify({ streams })}\n`);
    } else if (streams.length === 0) {
      context.io.stdout.write("Nothing is mirrored yet. Run: attio-mirror backfill\n");
    } else {
      const rows = streams.map((one) => [
        one.stream,
        one.rows,
        one.lastBackfillAt ?? "never",
        one.state,
        one.pending,
        one.failed,
        one.conflicts,
        reasonOf(one),
      ]);
      context.io.stdout.write(drawTable(HEAD, rows));
    }
    return EXIT_DONE;
  } finally {
    await mirror.close();
  }
}

function reasonOf({ reason, writesPaused }: StreamStatus): string | null {
  if (writesPaused === null) return reason;
  const paused = `writes paused: ${writesPaused.code}`;
  return reason === null ? paused : `${reason}; ${paused}`;
}
