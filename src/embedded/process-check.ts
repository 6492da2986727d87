import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import type { ServerHome } from "./state.ts";

const runFile = promisify(execFile);

/**
 * Whether a living process is the server of this cluster. After a crash its process id may belong to any program, and in a
 * container whose first process reaps no orphans the dead server stays a zombie: PostgreSQL would refuse to start for both.
 */
export async function isServerOf(home: ServerHome, pid: number): Promise<boolean> {
  if (process.platform === "win32") return true;
  const commandLine = process.platform === "linux" ? await readProc(pid) : await askPs(pid);
  return commandLine.includes(home.clusterFolder);
}

/** A zombie's command line is empty. */
async function readProc(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
}

async function askPs(pid: number): Promise<string> {
  return runFile("ps", ["-p", String(pid), "-o", "args="]).then(
    ({ stdout }) => stdout,
    () => "",
  );
}
