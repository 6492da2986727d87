import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Config } from "../config.ts";
import { MirrorError } from "../errors.ts";
import { WrittenError, type Log } from "../logger.ts";

/** What the child process is told: first what to do, later perhaps to stop. Sent rather than given as arguments, which anyone can read. */
export type ChildRequest = BackfillRequest | { do: "stop" };

export interface BackfillRequest {
  do: "backfill";
  config: Config;
  databaseUrl: string;
  /** As `wantedStreams` takes it. */
  failuresSince: number;
}

/** What it says: a line of its log, as pino writes it, or why it failed. */
export type ChildMessage = { line: string } | { failure: string };

/** A backfill's process ended before its work was done; the next one goes on where it was. */
export class BackfillProcessError extends MirrorError {
  constructor(problem: string) {
    super("BACKFILL_PROCESS_FAILED", `The backfill's process ${problem}`);
  }
}

/**
 * Reads the streams that want it in full; resolves when it is done, or was stopped by the signal.
 *
 * @throws BackfillProcessError
 */
export type RunBackfill = (failuresSince: number, signal: AbortSignal) => Promise<void>;

/** In the language that this file is in: translated or not. */
const PROGRAM = fileURLToPath(import.meta.url.replace(/(\.\w+)$/, "-main$1"));

/** pino's numbers. */
const LEVELS: Readonly<Record<number, keyof Log>> = {
  10: "trace",
  20: "debug",
  30: "info",
  40: "warn",
  50: "error",
};

/**
 * Backfills in a process of its own, which ends with them: reading pages keeps an event loop busy without a gap, and each of
 * the many steps that an edit takes would wait behind it.
 */
export function backfillInChild(config: Config, databaseUrl: string, log: Log): RunBackfill {
  return (failuresSince, signal) =>
    new Promise((resolve, reject) => {
      const child = fork(PROGRAM);
      const tell = (request: ChildRequest) => {
        if (child.connected) child.send(request);
      };
      const stop = () => tell({ do: "stop" });
      let failure: string | undefined;
      child.on("message", (message: ChildMessage) => {
        if ("line" in message) passOn(log, message.line);
        else failure = `failed: ${message.failure}`;
      });
      child.once("error", (error) => reject(new BackfillProcessError(`did not start: ${error.message}`)));
      child.once("exit", (code, killedBy) => {
        signal.removeEventListener("abort", stop);
        if (code !== 0) failure ??= `ended with ${killedBy ?? `exit code ${code ?? "none"}`}`;
        if (failure === undefined || signal.aborted) resolve();
        else reject(new BackfillProcessError(failure));
      });
      tell({ do: "backfill", config, databaseUrl, failuresSince });
      signal.addEventListener("abort", stop, { once: true });
      if (signal.aborted) stop();
    });
}

interface WrittenLine {
  level: number;
  msg: string;
  time?: number;
  err?: unknown;
}

function passOn(log: Log, line: string): void {
  const { level, msg, err, ...facts } = JSON.parse(line) as WrittenLine;
  delete facts.time;
  log[LEVELS[level] ?? "error"]({ ...facts, ...(err !== undefined && { err: new WrittenError(err) }) }, msg);
}
