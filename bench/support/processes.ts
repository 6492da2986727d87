import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A child process that has said its first line. */
export interface Spoken {
  /** The line, parsed. */
  said: unknown;
  pid: number;
  /** Sends a message and gives the next one that comes back. */
  ask: (message: object) => Promise<unknown>;
  send: (message: object) => void;
  onMessage: (listener: (message: unknown) => void) => void;
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
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  if (child.stdout === null) throw new Error(`${program} has no output`);
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([
    once(lines, "line").then(([text]) => String(text)),
    once(child, "exit").then(() => undefined),
  ]);
  if (line === undefined) throw new Error(`${program} ended without an answer`);
  return {
    said: JSON.parse(line),
    pid: child.pid ?? 0,
    ask: async (message) => {
      const answer = once(child, "message");
      child.send(message);
      return ((await answer) as unknown[])[0];
    },
    send: (message) => void child.send(message),
    onMessage: (listener) => void child.on("message", listener),
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

/** Asks a child process to end and waits until it has. */
export async function stop(child: ChildProcess): Promise<void> {
  child.kill("SIGTERM");
  await hasEnded(child);
}

/** Resolves when a child process has ended. */
export async function hasEnded(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
