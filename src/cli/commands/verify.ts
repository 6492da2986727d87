import { requireToken } from "../../config.ts";
import { verify, type StreamVerification } from "../../sync/verify/index.ts";
import type { Context } from "../context.ts";
import { openMirrorDatabase } from "../database.ts";
import { EXIT_DONE, EXIT_FAILED } from "../failure.ts";
import { withOpenMirror } from "../mirror-streams.ts";
import { isNotDone } from "../stream-line.ts";
import { describeVerifications, driftOf, toVerifyLine } from "../verify-report.ts";

/** `verify`: compares streams with Attio; 1 if any drifted (repaired or not), failed, or was asked for by name and can't be read. */
export async function runVerify(
  context: Context,
  streams: readonly string[],
  { json = false, repair = false }: { json?: boolean; repair?: boolean },
): Promise<number> {
  const { config, io } = context;
  const access = { token: requireToken(config), baseUrl: config.attioBaseUrl };
  const mirror = await openMirrorDatabase(context);
  try {
    const results = await withOpenMirror(context, mirror.db, access, ({ deps, display }) =>
      verify(deps, {
        streams,
        repair,
        signal: io.signal,
        onProgress: (progress) => display.update(progress),
        onResult: (result) => display.finish(result.stream, json ? toVerifyLine(result, { repair }) : ""),
      }),
    );
    if (!json) io.stdout.write(describeVerifications(results, { repair }));
    return results.some((result) => isWanting(result, streams)) ? EXIT_FAILED : EXIT_DONE;
  } finally {
    await mirror.close();
  }
}

function isWanting(result: StreamVerification, askedFor: readonly string[]): boolean {
  // An empty listing where the mirror holds rows is no comparison, and nothing that a token was denied.
  return driftOf(result) > 0 || result.state === "empty" || isNotDone(result, askedFor);
}
