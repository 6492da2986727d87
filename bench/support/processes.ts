import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A child process that has said its first line. */
export interface Spoken {
  /** The line, parsed. */
  said: unknown;
  pid: number;
  /** Ends the process and waits for its end. */
  stop: () => Promise<void>;
  /** Resolves when it has ended by itself. */
  ended: () => Promise<void>;
}

/** Starts a program of Node's and waits for its first line of JSON. Throws if it ends without one. */
export async function speak(
  program: string,
  argument: unknown,
  nodeOptions: readonly string[] = [],
): Promise<Spoken> {
  const child = spawn(process.execPath, [...nodeOptions, program, JSON.stringify(argument)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([
    once(lines, "line").then(([text]) => String(text)),
    once(child, "exit").then(() => undefined),
  ]);
  if (line === undefined) throw new Error(`${program} ended without an answer`);
  return {
    said: JSON.parse(line),
    pid: child.pid ?? 0,
    stop: () => stop(child),
    ended: () => hasEnded(child),
  };
}

/** Runs a program to its end and gives its line of JSON. */
export async function runToEnd(
  program: string,
  argument: unknown,
  nodeOptions: readonly string[] = [],
): Promise<unknown> {
  const { said, ended } = await speak(program, argument, nodeOptions);
  await ended();
  return said;
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill("SIGTERM");
  await hasEnded(child);
}

async function hasEnded(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
