import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { program } from "../support/program.ts";

/** Starts the program as a process of its own. */
function start(args: string[]) {
  return spawn(process.execPath, [program("src/main"), ...args], {
    env: { PATH: process.env["PATH"] },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

test.each(["SIGINT", "SIGTERM"] as const)("%s ends a running sandbox in good order", async (signal) => {
  const child = start(["sandbox", "--people", "1", "--companies", "1", "--deals", "1", "--json"]);
  await once(child.stdout, "data");
  child.kill(signal);
  const [exitCode] = (await once(child, "exit")) as [number | null];
  expect(exitCode).toBe(0);
});

test("the exit code of a mistake reaches the shell", async () => {
  const child = start(["frobnicate"]);
  let err = "";
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  const [exitCode] = (await once(child, "close")) as [number | null];
  expect({ exitCode, err }).toEqual({ exitCode: 2, err: "attio-mirror: unknown command 'frobnicate'\n" });
});

test("an output that is closed early is no failure", async () => {
  const child = start(["--help"]);
  child.stdout.destroy();
  let err = "";
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  const [exitCode] = (await once(child, "close")) as [number | null];
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
});
