import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { startEmbeddedPostgres } from "../../src/embedded/postgres.ts";
import { cpuOfServer } from "./process-cpu.ts";

/** A PostgreSQL server, and databases on it. */
export interface BenchServer {
  version: string;
  /** The URL of a database; `isNew`: an empty one, in place of what was there. */
  database(name: string, options: { isNew: boolean }): Promise<string>;
  /** CPU time of all its processes so far, in milliseconds; undefined for one on another machine. */
  cpuMs(): number | undefined;
  close(): Promise<void>;
}

/** The server of DATABASE_URL, else the embedded one with the product's own settings. */
export async function openServer(databaseUrl: string | undefined): Promise<BenchServer> {
  const server =
    databaseUrl === undefined || databaseUrl === ""
      ? await startEmbedded()
      : { url: databaseUrl, close: () => Promise.resolve() };
  const sql = postgres(server.url, { max: 1, onnotice: () => undefined });
  const [row] = await sql<{ version: string; pid: number }[]>`
    SELECT current_setting('server_version') AS version, pg_backend_pid() AS pid`;
  const made = new Set<string>();
  return {
    version: row?.version ?? "unknown",
    cpuMs: () => (row === undefined ? undefined : cpuOfServer(row.pid)),
    database: async (name, { isNew }) => {
      if (isNew) {
        await sql`DROP DATABASE IF EXISTS ${sql(name)} WITH (FORCE)`;
        await sql`CREATE DATABASE ${sql(name)} TEMPLATE template0 ENCODING 'UTF8'`;
        made.add(name);
      }
      // What the last contestant left to be written is not the next one's cost.
      await sql`CHECKPOINT`;
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      return url.href;
    },
    close: async () => {
      for (const name of made) await sql`DROP DATABASE IF EXISTS ${sql(name)} WITH (FORCE)`;
      await sql.end();
      await server.close();
    },
  };
}

async function startEmbedded(): Promise<{ url: string; close(): Promise<void> }> {
  const dataDir = await mkdtemp(join(tmpdir(), "attio-mirror-bench-"));
  // Run by root, the server is another user and has to enter.
  await chmod(dataDir, 0o711);
  const server = await startEmbeddedPostgres({ dataDir });
  return {
    url: server.url,
    close: async () => {
      await server.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
