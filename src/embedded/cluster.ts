import { spawn } from "node:child_process";
import { chown, mkdtemp, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { EmbeddedPostgresError } from "../errors.ts";
import type { Binaries } from "./binaries.ts";
import { spawnIdentity } from "./server-user.ts";
import type { ServerHome } from "./state.ts";

/** The superuser that the embedded server is made with. */
export const SUPERUSER = "postgres";

/** What `postmaster.pid` tells of a server. */
export interface Postmaster {
  pid: number;
  port: number;
  isReady: boolean;
}

/** A server that this process started. */
export interface ServerProcess {
  pid: number;
  hasEnded(): boolean;
}

/** Makes an empty cluster unless there is one. Works beside other processes that do the same: one of them wins. */
export async function ensureCluster(home: ServerHome, binaries: Binaries): Promise<void> {
  if (await hasCluster(home)) return;
  const temporary = await mkdtemp(join(home.serverFolder, "new-"));
  const passwordFile = join(temporary, "password");
  await writeFile(passwordFile, home.password + "\n", { mode: 0o600 });
  if (home.user !== null) {
    await chown(temporary, home.user.uid, home.user.gid);
    await chown(passwordFile, home.user.uid, home.user.gid);
  }
  try {
    await runInitdb(home, binaries, join(temporary, "cluster"), passwordFile);
    await rename(join(temporary, "cluster"), home.clusterFolder).catch(async (error: unknown) => {
      if (!(await hasCluster(home))) throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function hasCluster(home: ServerHome): Promise<boolean> {
  return stat(join(home.clusterFolder, "PG_VERSION")).then(
    () => true,
    () => false,
  );
}

/** The cluster sorts by code point and folds case by Unicode, the same on every machine whatever locales it has. */
async function runInitdb(
  home: ServerHome,
  binaries: Binaries,
  folder: string,
  passwordFile: string,
): Promise<void> {
  const result = await run(home, binaries, binaries.initdb, [
    `--pgdata=${folder}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
  ]);
  if (result.code !== 0) throw new EmbeddedPostgresError(`initdb failed: ${lastLine(result.output)}`);
}

/** Stops a server whoever started it, and waits for its end. */
export async function stopServer(home: ServerHome, binaries: Binaries): Promise<void> {
  const stop = (mode: string) =>
    run(home, binaries, binaries.pgCtl, [
      "stop",
      `--pgdata=${home.clusterFolder}`,
      `--mode=${mode}`,
      "--timeout=30",
    ]);
  let result = await stop("fast");
  if (result.code !== 0 && (await readPostmaster(home)) !== null) result = await stop("immediate");
  if (result.code === 0 || (await readPostmaster(home)) === null) return;
  throw new EmbeddedPostgresError(`PostgreSQL does not stop: ${lastLine(result.output)}`);
}

/**
 * Starts the server as a process of its own, which a Ctrl-C in our terminal does not reach and which outlives us.
 *
 * @param settings PostgreSQL settings beyond those that this project needs.
 * @returns its process id and whether it has ended by now.
 */
export async function spawnServer(
  home: ServerHome,
  binaries: Binaries,
  settings: Readonly<Record<string, string>>,
): Promise<ServerProcess> {
  const logFile = await open(home.logFile, "a", 0o600);
  try {
    const all = { ...serverSettings(await findFreePort()), ...settings };
    const flags = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const child = spawn(binaries.postgres, ["-D", home.clusterFolder, ...flags], {
      ...spawnIdentity(home.user),
      cwd: home.serverFolder,
      env: binaries.env,
      detached: true,
      stdio: ["ignore", logFile.fd, logFile.fd],
    });
    let isOver = false;
    child.on("exit", () => (isOver = true));
    child.on("error", () => (isOver = true));
    child.unref();
    if (child.pid === undefined) throw new EmbeddedPostgresError("the PostgreSQL server cannot be started");
    return { pid: child.pid, hasEnded: () => isOver };
  } finally {
    await logFile.close();
  }
}

function serverSettings(port: number): Record<string, string> {
  return {
    port: String(port),
    listen_addresses: "127.0.0.1",
    // A socket's path may not pass 107 bytes, which a deep DATA_DIR does; TCP on the loopback is all we need.
    unix_socket_directories: "",
    log_checkpoints: "off",
  };
}

/** Reads `postmaster.pid`; null where no server claims to run. Lines as in PostgreSQL's source, `src/include/utils/pidfile.h`. */
export async function readPostmaster(home: ServerHome): Promise<Postmaster | null> {
  const text = await readFile(join(home.clusterFolder, "postmaster.pid"), "utf8").catch(() => "");
  const lines = text.split("\n");
  const pid = Number.parseInt(lines[0] ?? "", 10);
  if (Number.isNaN(pid)) return null;
  return { pid, port: Number.parseInt(lines[3] ?? "", 10), isReady: (lines[7] ?? "").startsWith("ready") };
}

/** The last lines of the server's own log, for an error's message. */
export async function readLogTail(home: ServerHome): Promise<string> {
  const text = await readFile(home.logFile, "utf8").catch(() => "");
  const lines = text.trimEnd().split("\n");
  const fatal = lines.filter((line) => /FATAL|PANIC|HINT/.test(line));
  return (fatal.at(-1) ?? lines.at(-1) ?? "").trim();
}

async function run(
  home: ServerHome,
  binaries: Binaries,
  program: string,
  args: string[],
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      ...spawnIdentity(home.user),
      cwd: home.serverFolder,
      env: binaries.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const collect = (chunk: Buffer) => (output += chunk.toString());
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.on("error", (error) => resolve({ code: null, output: error.message }));
    child.on("close", (code) => resolve({ code, output }));
  });
}

function lastLine(output: string): string {
  return output.trimEnd().split("\n").at(-1) ?? "";
}

/** A port that is free now. Somebody may take it before the server does; the caller tries again then. */
async function findFreePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === "object") resolve(address.port);
        else reject(new EmbeddedPostgresError("no free port on 127.0.0.1"));
      });
    });
  });
}
