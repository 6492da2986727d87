import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

export function hasPsql(): boolean {
  return spawnSync("psql", ["--version"], { stdio: "ignore" }).status === 0;
}

/** Runs a script through psql, as a user does who pipes a file into it. @returns what it printed: rows, and the tags of statements */
export async function psql(databaseUrl: string, script: string): Promise<string> {
  const child = spawn("psql", [
    "--no-psqlrc",
    "--no-align",
    "--tuples-only",
    "-v",
    "ON_ERROR_STOP=1",
    databaseUrl,
  ]);
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  child.stdin.end(script);
  await once(child, "close");
  return printed.trim();
}
