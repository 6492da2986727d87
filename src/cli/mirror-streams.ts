import { migrate, type Database } from "../db/index.ts";
import { backfill, type StreamResult } from "../sync/backfill/index.ts";
import { pinWorkspace } from "../sync/workspace.ts";
import { checkToken, explainAttioError, openAttio, type Access } from "./attio.ts";
import { withClosers } from "./closers.ts";
import type { Context } from "./context.ts";
import { createProgressDisplay } from "./progress.ts";

export interface MirrorStreamsOptions {
  /** Streams to copy; none = all. */
  streams?: readonly string[];
  allowDeletes?: boolean;
  /** Turns a stream's result into the line that is printed when it is done. */
  toLine: (result: StreamResult) => string;
}

/** Migrates, checks the token and copies streams, with progress. @throws ConfigError for a token that Attio refuses, WorkspaceChangedError for another workspace's. */
export async function mirrorStreams(
  context: Context,
  db: Database,
  access: Access,
  options: MirrorStreamsOptions,
): Promise<StreamResult[]> {
  const { config, io, log } = context;
  return withClosers(async (closers) => {
    await migrate(db);
    const client = await openAttio(context, db, access, closers);
    const display = createProgressDisplay(io);
    closers.add(() => display.stop());
    try {
      await pinWorkspace(db, await checkToken(client, access, io.signal));
      return await backfill(
        { db, client, log, raw: config.raw, deleteMode: config.deleteMode },
        {
          streams: options.streams ?? [],
          allowDeletes: options.allowDeletes ?? false,
          signal: io.signal,
          onProgress: (progress) => display.update(progress),
          onResult: (result) => display.finish(result.stream, options.toLine(result)),
        },
      );
    } catch (error) {
      throw explainAttioError(error, access);
    }
  });
}
