import { requireToken } from "../../config.ts";
import { startDaemon } from "../../daemon.ts";
import type { Role } from "../../roles.ts";
import { explainAttioError } from "../attio.ts";
import type { Context } from "../context.ts";
import { openMirrorDatabase } from "../database.ts";
import { EXIT_DONE } from "../failure.ts";

/** `start`: keeps the mirror equal to Attio until the process is asked to stop. */
export async function runStart(context: Context, roles: readonly Role[]): Promise<number> {
  const { config, io, log } = context;
  const access = { token: requireToken(config), baseUrl: config.attioBaseUrl };
  const mirror = await openMirrorDatabase(context);
  try {
    const daemon = await startDaemon(config, mirror.db, { roles, log, signal: io.signal });
    if (io.stderr.isTTY === true)
      io.stderr.write(
        `attio-mirror runs${daemon.url === null ? "" : ` at ${daemon.url}`}; Ctrl-C stops it\n`,
      );
    await stopRequested(io.signal);
    log.info("stopping");
    await daemon.close();
    return EXIT_DONE;
  } catch (error) {
    throw explainAttioError(error, access);
  } finally {
    await mirror.close();
  }
}

function stopRequested(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
