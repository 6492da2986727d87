import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { freePort } from "../../support/free-port.ts";

/** A pooler in front of one database, in transaction mode. */
export interface PgBouncer {
  /** Over a few server connections, which all share. */
  url: string;
  /** Over one server connection, so that each gets what the last one left behind. */
  oneConnectionUrl: string;
  stop(): Promise<void>;
}

/** Debian's, which is in a folder that is not on everyone's PATH. */
const PROGRAM = "/usr/sbin/pgbouncer";
/** It refuses to run as root. */
const NOBODY = 65_534;

export function canStartPgBouncer(): boolean {
  return spawnSync(PROGRAM, ["--version"], { stdio: "ignore" }).status === 0;
}

/** Starts a pooler with a configuration of its own, and waits until it answers. */
export async function startPgBouncer(databaseUrl: string): Promise<PgBouncer> {
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  const secret = password === "" ? "" : ` password='${decodeURIComponent(password)}'`;
  const login = `user=${decodeURIComponent(username)}${secret}`;
  const server = `host=${hostname} port=${port || "5432"} dbname=${pathname.slice(1)} ${login}`;
  const ownPort = await freePort();
  const folder = await mkdtemp(join(tmpdir(), "attio-mirror-pgbouncer-"));
  await chmod(folder, 0o711);
  const file = join(folder, "pgbouncer.ini");
  await writeFile(
    file,
    `[databases]
shared = ${server} pool_size=4
one = ${server} pool_size=1

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${ownPort}
unix_socket_dir =
auth_type = any
pool_mode = transaction
`,
  );
  const asNobody = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const child = spawn(PROGRAM, ["-q", file], { stdio: "ignore", ...asNobody });
  const ended = once(child, "close");
  const urlOf = (database: string) => `postgres://anybody@127.0.0.1:${ownPort}/${database}`;
  await answers(urlOf("one"));
  return {
    url: urlOf("shared"),
    oneConnectionUrl: urlOf("one"),
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function answers(url: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const sql = postgres(url, { max: 1, prepare: false, fetch_types: false });
    try {
      await sql`SELECT 1`;
      return;
    } catch (error) {
      if (attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      await sql.end({ timeout: 1 });
    }
  }
}
