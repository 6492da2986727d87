import { requireToken } from "../../config.ts";
import type { StreamResult } from "../../sync/backfill/index.ts";
import { type Context } from "../context.ts";
import { openMirrorDatabase } from "../database.ts";
import { EXIT_DONE, EXIT_FAILED } from "../failure.ts";
import { mirrorStreams } from "../mirror-streams.ts";
import { toJsonLine, toPlainLine } from "../stream-line.ts";

/** States in which a stream did not get done although nobody wanted that. */
const FAILED_STATES: ReadonlySet<string> = new Set(["parked", "failed"]);

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
    return results.some((result) => isFailure(result, streams)) ? EXIT_FAILED : EXIT_DONE;
  } finally {
    await mirror.close();
  }
}

function isFailure({ stream, state }: StreamResult, askedFor: readonly string[]): boolean {
  return FAILED_STATES.has(state) || (state !== "ok" && askedFor.includes(stream));
}
