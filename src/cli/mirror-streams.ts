import { migrate, type Database } from "../db/index.ts";
import { backfill, type StreamResult } from "../sync/backfill/index.ts";
import { checkToken, explainAttioError, openAttio, type Access } from "./attio.ts";
import type { Context } from "./context.ts";
import { createProgressDisplay } from "./progress.ts";

export interface MirrorStreamsOptions {
  /** Streams to copy; none = all. */
  streams?: readonly string[];
  allowDeletes?: boolean;
  /** Turns a stream's result into the line that is printed when it is done. */
  toLine: (result: StreamResult) => string;
}

/** Migrates, checks the token and copies streams, with progress. @throws ConfigError for a token that Attio refuses. */
export async function mirrorStreams(
  context: Context,
  db: Database,
  access: Access,
  options: MirrorStreamsOptions,
): Promise<StreamResult[]> {
  const { config, io, log } = context;
  const client = openAttio(context, access);
  const display = createProgressDisplay(io);
  try {
    await migrate(db);
    await checkToken(client, access, io.signal);
    return await backfill(
      { db, client, log, raw: config.raw, deleteMode: config.deleteMode },
      {
        ...(options.streams !== undefined && options.streams.length > 0
          ? { streams: [...options.streams] }
          : {}),
        allowDeletes: options.allowDeletes ?? false,
        signal: io.signal,
        onProgress: (progress) => display.update(progress),
        onResult: (result) => display.finish(result.stream, options.toLine(result)),
      },
    );
  } catch (error) {
    throw explainAttioError(error, access);
  } finally {
    display.stop();
    await client.close();
  }
}
