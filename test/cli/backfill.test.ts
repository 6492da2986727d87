import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { StopRequest } from "../../src/cli/io.ts";
import { run } from "../../src/cli/run.ts";
import { startSandbox, type Sandbox } from "../../src/sandbox/index.ts";
import { createTestIo, runCli } from "../support/cli.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let sandbox: Sandbox;
let database: TestDatabase;
let env: Record<string, string>;

beforeAll(async () => {
  sandbox = await startSandbox({ seed: { people: 20, companies: 8, deals: 6, seed: 1 } });
  database = await createTestDatabase();
  env = {
    ATTIO_API_KEY: sandbox.token,
    ATTIO_BASE_URL: sandbox.url,
    DATABASE_URL: database.url,
    ATTIO_READS_PER_SECOND: "1000",
    LOG_LEVEL: "error",
  };
});

afterAll(async () => {
  await sandbox.close();
  await database.drop();
});

function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("backfill", () => {
  test("--json prints one line a stream with exactly the documented fields", async () => {
    const { exitCode, out, err } = await runCli(["backfill", "--json"], env);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
    const lines = jsonLines(out);
    expect(lines.map(({ stream }) => stream)).toEqual(
      expect.arrayContaining(["people", "companies", "deals", "members", "notes", "tasks"]) as unknown[],
    );
    for (const line of lines) {
      expect(Object.keys(line)).toEqual([
        "stream",
        "rows",
        "written",
        "unchanged",
        "deleted",
        "requests",
        "ms",
      ]);
    }
    const people = lines.find(({ stream }) => stream === "people");
    expect(people?.["written"]).toBe(people?.["rows"]);
  });

  test("again, it finds everything unchanged; without --json a line a stream is for people", async () => {
    const { exitCode, out } = await runCli(["backfill", "people", "companies"], env);
    expect(exitCode).toBe(0);
    expect(out).toMatch(
      /^people +[\d,]+ rows, 0 written, [1-9][\d,]* unchanged, 0 deleted, \d+ requests, \d+\.\d s$/m,
    );
    expect(out.trim().split("\n")).toHaveLength(2);
  });

  test("a stream that the workspace does not have is a mistake: exit code 2, with the streams there are", async () => {
    const { exitCode, out, err } = await runCli(["backfill", "peeple"], env);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: "" });
    expect(err).toMatch(/^attio-mirror: [^\n]*"peeple"[^\n]*people[^\n]*\n$/);
  });

  test("a token that Attio does not know is a mistake: exit code 2, and the token is not printed", async () => {
    const token = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const { exitCode, out, err } = await runCli(["backfill"], { ...env, ATTIO_API_KEY: token });
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: "" });
    expect(err).toMatch(/^attio-mirror: ATTIO_API_KEY [^\n]*\n$/);
    expect(err).not.toContain(token);
  });

  test("wrong world: a token of another workspace is refused before anything is read or deleted", async () => {
    const other = await startSandbox({ seed: { people: 1, companies: 1, deals: 1, seed: 2 } });
    const { exitCode, out, err } = await runCli(["backfill", "--allow-deletes"], {
      ...env,
      ATTIO_BASE_URL: other.url,
      ATTIO_API_KEY: other.token,
    });
    const requests = other.log.count({});
    await other.close();
    expect({ exitCode, out, requests }).toEqual({ exitCode: 2, out: "", requests: 1 });
    expect(err).toMatch(/^attio-mirror: ATTIO_API_KEY opens the workspace [^\n]*\n$/);
  });

  test("a stream asked for by name that the token may not read fails; among all streams it is left out", async () => {
    sandbox.setScopes([...sandbox.access.scopes].filter((scope) => !scope.startsWith("note:")));
    const named = await runCli(["backfill", "notes", "--json"], env);
    const all = await runCli(["backfill", "--json"], env);
    sandbox.setScopes(["note:read-write", ...sandbox.access.scopes]);
    expect(named.exitCode).toBe(1);
    expect(jsonLines(named.out)).toMatchObject([
      { stream: "notes", state: "forbidden", reason: expect.any(String) as string },
    ]);
    expect(all.exitCode).toBe(0);
  });

  test("asked to stop, it ends with the shell's code for the signal", async () => {
    const stop = new AbortController();
    const io = createTestIo(stop.signal);
    const undo = sandbox.onRequest(() => stop.abort(new StopRequest("SIGTERM")));
    const exitCode = await run(["backfill"], env, io);
    undo();
    expect(exitCode).toBe(143);
    expect(io.err()).toBe("attio-mirror: stopped by SIGTERM\n");
  });

  test("an Attio that is not there is one line and exit code 1", async () => {
    const { exitCode, err } = await runCli(["backfill"], { ...env, ATTIO_BASE_URL: "http://127.0.0.1:1" });
    expect(exitCode).toBe(1);
    expect(err).toMatch(/^attio-mirror: [^\n]*ECONNREFUSED\n$/);
  });
});

describe("status", () => {
  test("--json gives rows, last backfill, local changes and state of every stream", async () => {
    const { exitCode, out } = await runCli(["status", "--json"], env);
    expect(exitCode).toBe(0);
    const { streams } = JSON.parse(out) as { streams: Record<string, unknown>[] };
    const people = streams.find(({ stream }) => stream === "people");
    expect(people).toEqual({
      stream: "people",
      rows: expect.any(Number) as number,
      lastBackfillAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
      pending: 0,
      failed: 0,
      conflicts: 0,
      state: "ok",
      reason: null,
      writesPaused: null,
    });
  });

  test("for people it is a table", async () => {
    const { out } = await runCli(["status"], env);
    expect(out).toMatch(/^ stream +│ +rows │ last backfill +│ state/);
    expect(out).toMatch(/^ people +│ +\d+ │/m);
  });

  test("of a database that was never filled, it says what to do", async () => {
    const empty = await createTestDatabase();
    const { exitCode, out } = await runCli(["status"], { ...env, DATABASE_URL: empty.url });
    const json = await runCli(["status", "--json"], { ...env, DATABASE_URL: empty.url });
    await empty.drop();
    expect(exitCode).toBe(0);
    expect(out).toContain("attio-mirror backfill");
    expect(JSON.parse(json.out)).toEqual({ streams: [] });
  });
});

describe("migrate", () => {
  const upToDate = { exitCode: 0, out: "The database is up to date.\n", err: "" };

  test("twice does no harm", async () => {
    expect(await runCli(["migrate"], env)).toEqual(upToDate);
    expect(await runCli(["migrate"], env)).toEqual(upToDate);
  });

  test("without DATABASE_URL brings its own PostgreSQL", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "attio-mirror-cli-"));
    await chmod(dataDir, 0o711);
    const result = await runCli(["migrate"], { DATA_DIR: dataDir, LOG_LEVEL: "error" });
    await rm(dataDir, { recursive: true, force: true });
    expect(result).toEqual(upToDate);
  });
});
