import { Writable } from "node:stream";
import { run } from "../../src/cli/run.ts";
import type { Io } from "../../src/cli/io.ts";

/** A command's outside world that remembers what was printed. */
export interface TestIo extends Io {
  out(): string;
  err(): string;
}

/** Makes an Io without a terminal. */
export function createTestIo(signal: AbortSignal = new AbortController().signal): TestIo {
  const out = createSink();
  const err = createSink();
  return {
    stdout: out.stream,
    stderr: err.stream,
    stdin: { isTTY: false },
    waitForEnter: () => Promise.resolve(),
    signal,
    out: out.text,
    err: err.text,
  };
}

function createSink(): { stream: Writable; text: () => string } {
  let text = "";
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      text += chunk.toString();
      done();
    },
  });
  return { stream, text: () => text };
}

/** What a command line did. */
export interface CliResult {
  exitCode: number;
  out: string;
  err: string;
}

/** Runs a command line in this process. */
export async function runCli(argv: string[], env: Record<string, string> = {}): Promise<CliResult> {
  const io = createTestIo();
  const exitCode = await run(argv, env, io);
  return { exitCode, out: io.out(), err: io.err() };
}
