import { onTestFailed } from "vitest";
import { openDatabase, type Database } from "../../src/db/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { startDaemonProcess, type TestDaemon } from "./daemon-process.ts";
import { createTestDatabase } from "./database.ts";
import { freePort } from "./free-port.ts";
import { program } from "./program.ts";

export { eventually, mirrored, quiet, ready, type TestDaemon } from "./daemon-process.ts";

/** How many characters of a daemon's log a failed test shows. */
const LOG_SHOWN = 6_000;

/** A sandbox's mirror that daemons may be started for. */
export interface Home {
  db: Database;
  /** Where the web daemon listens. */
  origin: string;
  /** @param options.cwd its working directory; none = this process's */
  start(options?: { roles?: readonly string[]; env?: Record<string, string>; cwd?: string }): TestDaemon;
  close(): Promise<void>;
}

/** Makes a database, unless it is given one, and the environment for daemons on a sandbox. */
export async function makeHome(
  sandbox: Sandbox,
  { redisUrl, databaseUrl }: { redisUrl?: string; databaseUrl?: string } = {},
): Promise<Home> {
  const database =
    databaseUrl === undefined
      ? await createTestDatabase()
      : { url: databaseUrl, drop: () => Promise.resolve() };
  const db = await openDatabase(database.url, { connections: 2 });
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const daemons: TestDaemon[] = [];
  const settings = {
    ATTIO_API_KEY: sandbox.token,
    ATTIO_BASE_URL: sandbox.url,
    DATABASE_URL: database.url,
    PUBLIC_URL: origin,
    PORT: String(port),
    ATTIO_READS_PER_SECOND: "1000",
    ...(redisUrl !== undefined && { REDIS_URL: redisUrl }),
  };
  return {
    db,
    origin,
    start: ({ roles = ["all"], env = {}, cwd } = {}) => {
      const daemon = startDaemonProcess(program("src/main"), roles, { ...settings, ...env }, cwd);
      daemons.push(daemon);
      try {
        onTestFailed(() => {
          console.error(`the end of a daemon's log:\n${daemon.log().slice(-LOG_SHOWN)}`);
        });
      } catch {
        // A hook starts it, for a whole file: no test of its own could fail.
      }
      return daemon;
    },
    close: async () => {
      await Promise.all(daemons.map((daemon) => daemon.end("SIGKILL")));
      await db.close();
      await database.drop();
    },
  };
}
