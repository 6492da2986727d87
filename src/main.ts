#!/usr/bin/env node
import { createInterface } from "node:readline/promises";
import { StopRequest } from "./cli/io.ts";
import { run } from "./cli/run.ts";

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

process.exitCode = await run(process.argv.slice(2), process.env, {
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
