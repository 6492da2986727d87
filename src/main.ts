#!/usr/bin/env node
import { createInterface } from "node:readline/promises";
import { StopRequest } from "./cli/io.ts";
import { run } from "./cli/run.ts";
import { logCrash } from "./logger.ts";

// First of all: whatever goes wrong from here on is written without what hangs on it.
process.on("uncaughtException", (error) => {
  logCrash(error);
  process.exit(1);
});

const env = { ...process.env };
// What holds secrets: neither a child process nor a diagnostic report needs to have it.
delete process.env["ATTIO_API_KEY"];
delete process.env["DATABASE_URL"];
delete process.env["REDIS_URL"];

const stop = new AbortController();

for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    const request = new StopRequest(name);
    // Asked twice: whoever asks is tired of waiting.
    if (stop.signal.aborted) process.exit(request.exitCode);
    stop.abort(request);
  });
}

// `attio-mirror … | head` closes our output; that is no failure worth a stack trace.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

const exitCode = await run(process.argv.slice(2), env, {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  signal: stop.signal,
  waitForEnter: async (signal) => {
    const lines = createInterface({ input: process.stdin });
    // Ctrl-C reaches the line reader first when the terminal is in raw mode.
    lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
    try {
      await new Promise<void>((resolve) => {
        lines.once("line", () => resolve());
        lines.once("close", () => resolve());
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    } finally {
      lines.close();
    }
  },
});

// All is closed. What libraries leave behind, such as BullMQ's watch over a connection that is gone, holds up nobody who asked us to stop.
if (stop.signal.aborted) process.exit(exitCode);
process.exitCode = exitCode;
