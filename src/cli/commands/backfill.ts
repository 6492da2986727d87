import { requireToken } from "../../config.ts";
import { type Context } from "../context.ts";
import { openMirrorDatabase } from "../database.ts";
import { EXIT_DONE, EXIT_FAILED } from "../failure.ts";
import { mirrorStreams } from "../mirror-streams.ts";
import { isNotDone, toJsonLine, toPlainLine } from "../stream-line.ts";

/** `backfill`: copies streams in full; 1 if any of them parked or failed, or one asked for by name can't be read. */
export async function runBackfill(
  context: Context,
  streams: readonly string[],
  { json = false, allowDeletes = false }: { json?: boolean; allowDeletes?: boolean },
): Promise<number> {
  const token = requireToken(context.config);
  const mirror = await openMirrorDatabase(context);
  try {
    const results = await mirrorStreams(
      context,
      mirror.db,
      { token, baseUrl: context.config.attioBaseUrl },
      { streams, allowDeletes, toLine: json ? toJsonLine : toPlainLine },
    );
    return results.some((result) => isNotDone(result, streams)) ? EXIT_FAILED : EXIT_DONE;
  } finally {
    await mirror.close();
  }
}
