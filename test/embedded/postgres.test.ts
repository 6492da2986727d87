import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { startEmbeddedPostgres } from "../../src/embedded/postgres.ts";
import { program } from "../support/program.ts";

const isRoot = process.getuid?.() === 0;
let dataDir: string;

async function makeDataDir(): Promise<void> {
  dataDir = await mkdtemp(join(tmpdir(), "attio-mirror-embedded-"));
  await chmod(dataDir, 0o755);
}

async function removeDataDir(): Promise<void> {
  await rm(dataDir, { recursive: true, force: true });
}

/** Runs one statement on a connection of its own. */
async function query(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return await sql.unsafe<Record<string, unknown>[]>(statement);
  } finally {
    await sql.end();
  }
}

async function readFirstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("the child's stdout is not a pipe");
  const [chunk] = (await once(child.stdout, "data")) as [Buffer];
  return chunk.toString().trim();
}

async function readServerPid(cluster = join(dataDir, "postgres/server/cluster")): Promise<number> {
  return Number.parseInt(await readFile(join(cluster, "postmaster.pid"), "utf8"), 10);
}

async function isServerGone(): Promise<boolean> {
  return readServerPid().then(
    () => false,
    () => true,
  );
}

describe("on a data folder with a history", () => {
  // Making a cluster takes most of the time of a first start.
  beforeAll(makeDataDir);
  afterAll(removeDataDir);

  test("data and password survive a restart; the password is readable by its owner alone", async () => {
    const first = await startEmbeddedPostgres({ dataDir });
    await query(first.url, "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 42 AS answer");
    await first.close();
    expect(await isServerGone()).toBe(true);

    const second = await startEmbeddedPostgres({ dataDir });
    expect(await query(second.url, "SELECT answer FROM kept")).toEqual([{ answer: 42 }]);
    expect(new URL(second.url).password).toBe(new URL(first.url).password);
    await second.close();
    expect((await stat(join(dataDir, "postgres/state.json"))).mode & 0o777).toBe(0o600);
  });

  test("it is PostgreSQL 18 in UTF-8, on the loopback only, and asks for the password", async () => {
    const server = await startEmbeddedPostgres({ dataDir });
    const [facts] = await query(
      server.url,
      `SELECT current_setting('server_version_num')::int / 10000 AS major, current_setting('server_encoding') AS encoding,
              current_setting('listen_addresses') AS address, upper('é') AS upper`,
    );
    expect(facts).toEqual({ major: 18, encoding: "UTF8", address: "127.0.0.1", upper: "É" });
    const intruder = new URL(server.url);
    intruder.password = "guess";
    await expect(query(intruder.href, "SELECT 1")).rejects.toThrow(/password/);
    await server.close();
  });

  test("a server whose owner was killed is joined by the next process, which stops it", async () => {
    const owner = spawn(process.execPath, [program("test/fixtures/hold-server"), dataDir], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ownersUrl = await readFirstLine(owner);
    const joined = await startEmbeddedPostgres({ dataDir });
    expect(joined.url).toBe(ownersUrl);
    owner.kill("SIGKILL");
    await once(owner, "exit");
    expect(await query(joined.url, "SELECT 1 AS alive")).toEqual([{ alive: 1 }]);
    await joined.close();
    expect(await isServerGone()).toBe(true);
  });

  test("a server that was killed starts again with what was committed", async () => {
    const first = await startEmbeddedPostgres({ dataDir });
    await query(first.url, "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 42 AS answer");
    process.kill(await readServerPid(), "SIGKILL");

    const second = await startEmbeddedPostgres({ dataDir });
    expect(await query(second.url, "SELECT answer FROM kept")).toEqual([{ answer: 42 }]);
    await first.close();
    await second.close();
  });

  test("a process id given to another program after a crash does not stop the server from starting", async () => {
    const first = await startEmbeddedPostgres({ dataDir });
    const pidFile = join(dataDir, "postgres/server/cluster/postmaster.pid");
    const text = await readFile(pidFile, "utf8");
    await first.close();
    // This test's own process is alive and is no PostgreSQL.
    await writeFile(pidFile, text.replace(/^\d+/, String(process.pid)));

    const second = await startEmbeddedPostgres({ dataDir });
    expect(await query(second.url, "SELECT 1 AS alive")).toEqual([{ alive: 1 }]);
    await second.close();
  });

  test("a registration left behind by a killed process does not keep the server running", async () => {
    const server = await startEmbeddedPostgres({ dataDir });
    const gone = spawn(process.execPath, ["--version"], { stdio: "ignore" });
    await once(gone, "exit");
    await writeFile(join(dataDir, "postgres/users", `${String(gone.pid)}-0000`), "");
    await server.close();
    expect(await isServerGone()).toBe(true);
    expect(await readdir(join(dataDir, "postgres/users"))).toEqual([]);
  });
});

describe("on a new data folder", () => {
  beforeEach(makeDataDir);
  afterEach(removeDataDir);

  test("two first users at once share one server; the last to leave stops it", async () => {
    const [one, two] = await Promise.all([
      startEmbeddedPostgres({ dataDir }),
      startEmbeddedPostgres({ dataDir }),
    ]);
    expect(one.url).toBe(two.url);
    await one.close();
    await one.close();
    expect(await query(two.url, "SELECT 1 AS alive")).toEqual([{ alive: 1 }]);
    await two.close();
    expect(await isServerGone()).toBe(true);
  });

  test("a damaged state file is named, and nothing is overwritten", async () => {
    const stateFile = join(dataDir, "postgres/state.json");
    await mkdir(dirname(stateFile));
    await writeFile(stateFile, "{}");
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(stateFile);
    expect(await readFile(stateFile, "utf8")).toBe("{}");
  });

  test.runIf(isRoot)(
    "run by root under a closed folder, data is kept where the server's user can enter",
    async () => {
      await chmod(dataDir, 0o700);
      const warn = vi.fn();
      const log = { trace: vi.fn(), debug: vi.fn(), info: vi.fn(), warn, error: vi.fn() };
      const first = await startEmbeddedPostgres({ dataDir, log });
      await query(first.url, "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 42 AS answer");
      const [place] = await query(first.url, "SHOW data_directory");
      await first.close();
      const folder = dirname(String(place?.["data_directory"]));
      expect(warn).toHaveBeenCalledWith({ folder }, expect.stringContaining("kept elsewhere"));

      // Opening the folder later must not make the data seem gone.
      await chmod(dataDir, 0o755);
      const second = await startEmbeddedPostgres({ dataDir });
      expect(await query(second.url, "SELECT answer FROM kept")).toEqual([{ answer: 42 }]);
      await second.close();
      await rm(folder, { recursive: true });
    },
  );

  test("a data folder that can't be made is named", async () => {
    const file = join(dataDir, "file");
    await writeFile(file, "");
    await expect(startEmbeddedPostgres({ dataDir: file })).rejects.toThrow(`DATA_DIR ${file}`);
  });
});
