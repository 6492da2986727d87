import { constants, setPriority } from "node:os";
import { syncSettings } from "../config.ts";
import { openDatabase } from "../db/index.ts";
import { Closers } from "../lib/closers.ts";
import { safeMessage } from "../lib/safe-message.ts";
import { createLogger, logCrash } from "../logger.ts";
import { backfillWanted } from "../sync/backfill/backfill-wanted.ts";
import type { BackfillRequest, ChildMessage, ChildRequest } from "./backfill-child.ts";
import { openClient } from "./open-client.ts";

const CONNECTIONS = 4;

const stop = new AbortController();

function say(message: ChildMessage): void {
  if (process.connected) process.send?.(message);
}

async function run({ config, databaseUrl, failuresSince }: BackfillRequest): Promise<void> {
  const log = createLogger(config.logLevel, { write: (line) => say({ line }) });
  const closers = new Closers();
  try {
    const db = await openDatabase(databaseUrl, {
      connections: CONNECTIONS,
      applicationName: "attio-mirror backfill",
    });
    closers.add("backfill's connections", () => db.close());
    const client = await openClient(config, databaseUrl, log, closers);
    const deps = {
      db,
      client,
      log,
      ...syncSettings(config),
    };
    await backfillWanted(deps, {
      failuresSince,
      signal: stop.signal,
      // The reason may be in Attio's own words, which may quote values; `status` tells it.
      onResult: (result) => log.info({ ...result, reason: undefined }, "backfilled"),
    });
  } finally {
    await closers.close((what, error) => log.warn({ what, err: error }, "could not be closed"));
  }
}

async function carryOut(request: BackfillRequest): Promise<void> {
  try {
    await run(request);
  } catch (error) {
    if (!stop.signal.aborted) say({ failure: safeMessage(error) });
  } finally {
    // Else the channel would keep the process.
    if (process.connected) process.disconnect();
  }
}

process.on("uncaughtException", (error) => {
  logCrash(error);
  process.exit(1);
});

// Where processors are few, an edit goes first.
setPriority(constants.priority.PRIORITY_LOW);

// The daemon says when to stop; a terminal sends its signals to all of its processes.
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => undefined);
// A daemon that is gone, however it went, takes its backfill along.
process.on("disconnect", () => stop.abort());

process.on("message", (request: ChildRequest) => {
  if (request.do === "stop") stop.abort();
  else void carryOut(request);
});
