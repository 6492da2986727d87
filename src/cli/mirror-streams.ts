import { syncSettings } from "../config.ts";
import { migrate, type Database } from "../db/index.ts";
import { backfill, type StreamResult } from "../sync/backfill/index.ts";
import type { SyncDeps } from "../sync/deps.ts";
import { pinWorkspace } from "../sync/workspace.ts";
import { checkToken, explainAttioError, openAttio, type Access } from "./attio.ts";
import { withClosers } from "./closers.ts";
import type { Context } from "./context.ts";
import { createProgressDisplay, type ProgressDisplay } from "./progress.ts";

export interface MirrorStreamsOptions {
  /** Streams to copy; none = all. */
  streams?: readonly string[];
  allowDeletes?: boolean;
  /** Turns a stream's result into the line that is printed when it is done. */
  toLine: (result: StreamResult) => string;
}

/** What works on a workspace and its mirror is given. */
export interface OpenMirror {
  deps: SyncDeps;
  display: ProgressDisplay;
}

/** Migrates, checks the token and copies streams, with progress. @throws ConfigError for a token that Attio refuses, WorkspaceChangedError for another workspace's. */
export function mirrorStreams(
  context: Context,
  db: Database,
  access: Access,
  options: MirrorStreamsOptions,
): Promise<StreamResult[]> {
  return withOpenMirror(context, db, access, ({ deps, display }) =>
    backfill(deps, {
      streams: options.streams ?? [],
      allowDeletes: options.allowDeletes ?? false,
      signal: context.io.signal,
      onProgress: (progress) => display.update(progress),
      onResult: (result) => display.finish(result.stream, options.toLine(result)),
    }),
  );
}

/** Migrates, checks the token and runs `work`, whose progress is shown. @throws as `mirrorStreams`, and what `work` throws. */
export async function withOpenMirror<T>(
  context: Context,
  db: Database,
  access: Access,
  work: (mirror: OpenMirror) => Promise<T>,
): Promise<T> {
  const { config, io, log } = context;
  return withClosers(async (closers) => {
    await migrate(db);
    const client = await openAttio(context, db, access, closers);
    const display = createProgressDisplay(io);
    closers.add(() => display.stop());
    try {
      await pinWorkspace(db, await checkToken(client, access, io.signal));
      const deps = {
        db,
        client,
        log,
        ...syncSettings(config),
      };
      return await work({ deps, display });
    } catch (error) {
      throw explainAttioError(error, access);
    }
  });
}
