import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { StopRequest } from "../../src/cli/io.ts";
import { run } from "../../src/cli/run.ts";
import { openDatabase, type Database, type Sql } from "../../src/db/index.ts";
import { startSandbox, type Sandbox } from "../../src/sandbox/index.ts";
import { createTestIo, runCli } from "../support/cli.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { past } from "../support/as-daemon.ts";

/** A value that is nowhere else, so that it would be noticed in any output. */
const SECRET = "Geheimnis-4711";

let sandbox: Sandbox;
let database: TestDatabase;
let db: Database;
let sql: Sql;
let env: Record<string, string>;

beforeAll(async () => {
  sandbox = await startSandbox({ seed: { people: 20, companies: 8, deals: 6, seed: 1 } });
  database = await createTestDatabase();
  db = await openDatabase(database.url);
  ({ sql } = db);
  env = {
    ATTIO_API_KEY: sandbox.token,
    ATTIO_BASE_URL: sandbox.url,
    DATABASE_URL: database.url,
    ATTIO_READS_PER_SECOND: "1000",
    LOG_LEVEL: "error",
  };
  expect((await runCli(["backfill"], env)).exitCode).toBe(0);
});

afterAll(async () => {
  await db.close();
  await sandbox.close();
  await database.drop();
});

function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

const FIELDS = [
  "stream",
  "rows",
  "different",
  "missing",
  "extra",
  "inFlight",
  "held",
  "setAside",
  "examples",
  "requests",
  "ms",
];

/** Three kinds of drift; returns the ids. */
async function harm(): Promise<{ different: string; missing: string; extra: string }> {
  const [one, two] = await sql<{ id: string }[]>`
    SELECT record_id AS id FROM attio.people ORDER BY record_id LIMIT 2`;
  if (one === undefined || two === undefined) throw new Error("too few people");
  const extra = randomUUID();
  await past(
    sql,
  )`UPDATE attio.people SET name = ${SECRET}, job_title = ${SECRET} WHERE record_id = ${one.id}`;
  await past(sql)`DELETE FROM attio.people WHERE record_id = ${two.id}`;
  await past(
    sql,
  )`INSERT INTO attio.people (record_id, created_at, name) VALUES (${extra}, '2024-01-01', ${SECRET})`;
  return { different: one.id, missing: two.id, extra };
}

test("an equal mirror: exit code 0, and a JSON line a stream with exactly the documented fields", async () => {
  const { exitCode, out, err } = await runCli(["verify", "--json"], env);
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
  const lines = jsonLines(out);
  expect(lines.length).toBeGreaterThan(10);
  for (const line of lines) {
    expect(Object.keys(line)).toEqual(FIELDS);
    expect(line).toMatchObject({
      different: 0,
      missing: 0,
      extra: 0,
      inFlight: 0,
      held: 0,
      setAside: 0,
      examples: [],
    });
  }
});

test("for people it is a table", async () => {
  const { exitCode, out } = await runCli(["verify", "people", "companies"], env);
  expect(exitCode).toBe(0);
  expect(out).toMatch(
    /^ stream +│ rows │ different │ missing │ extra │ in flight │ held │ set aside │ state/,
  );
  expect(out).toMatch(/^ people +│ +\d+ │ +0 │ +0 │ +0 │ +0 │ +0 │ +0 │ ok$/m);
  expect(out).toMatch(/\nNo drift\.\n$/);
});

test("drift: exit code 1 and where it is, but never a value; --repair mends it, and still exits with 1", async () => {
  const { different, missing, extra } = await harm();
  const verbose = { ...env, LOG_LEVEL: "debug" };
  const plain = await runCli(["verify"], verbose);
  const json = await runCli(["verify", "people", "--json"], verbose);
  const repair = await runCli(["verify", "people", "--repair"], verbose);
  const again = await runCli(["verify", "people", "--json"], verbose);

  expect([plain.exitCode, json.exitCode, repair.exitCode, again.exitCode]).toEqual([1, 1, 1, 0]);
  expect(plain.out).toContain("people: 3 drifted\n");
  expect(plain.out).toContain(`  different ${different}  job_title, name\n`);
  expect(plain.out).toContain(`  missing   ${missing}\n`);
  expect(plain.out).toContain(`  extra     ${extra}\n`);
  expect(plain.out).toMatch(/\nDrift: 3 rows\. To mend it: attio-mirror verify people --repair\n$/);
  expect(jsonLines(json.out)).toMatchObject([{ stream: "people", different: 1, missing: 1, extra: 1 }]);
  expect(repair.out).toMatch(/\nDrift: 3 rows, all marked to be fetched again, 3 of them repaired\.\n$/);
  expect(jsonLines(again.out)).toMatchObject([{ different: 0, missing: 0, extra: 0 }]);

  const [row] = await sql<{ name: string }[]>`SELECT name FROM attio.people WHERE record_id = ${different}`;
  for (const { out, err } of [plain, json, repair, again]) {
    expect(out + err).not.toContain(SECRET);
    expect(out + err).not.toContain(row?.name);
  }
});

test("--repair --json counts what it repaired", async () => {
  await harm();
  const { exitCode, out } = await runCli(["verify", "people", "--repair", "--json"], env);
  expect(exitCode).toBe(1);
  const [line] = jsonLines(out);
  expect(Object.keys(line ?? {})).toEqual([...FIELDS, "repaired", "heldBack"]);
  expect(line).toMatchObject({ different: 1, missing: 1, extra: 1, repaired: 3, heldBack: 0 });
});

test("a local change that is not in Attio is told apart, by id and column but never by value, and is no failure", async () => {
  const writing = { ...env, OUTBOUND: "*", LOG_LEVEL: "debug" };
  expect((await runCli(["backfill", "deals"], writing)).exitCode).toBe(0);
  const user = postgres(database.url, { max: 1, onnotice: () => undefined });
  const [deal] = await user<{ id: string }[]>`
    UPDATE attio.deals SET name = ${SECRET} WHERE record_id = (SELECT record_id FROM attio.deals LIMIT 1)
    RETURNING record_id AS id`;
  await user.end();
  const plain = await runCli(["verify", "deals"], writing);
  const json = await runCli(["verify", "deals", "--json"], writing);
  await sql`TRUNCATE attio_sync.outbox`;
  await past(sql)`UPDATE attio.deals SET _hash = NULL WHERE record_id = ${deal?.id ?? ""}`;
  expect((await runCli(["backfill", "deals"], env)).exitCode).toBe(0);

  expect([plain.exitCode, json.exitCode]).toEqual([0, 0]);
  expect(plain.out).toContain('deals: 1 held: written here and not in Attio, see "changes list"\n');
  expect(plain.out).toContain(`  update    ${deal?.id ?? ""}  name\n`);
  expect(plain.out).toMatch(/\nNo drift\.\n$/);
  const heldExamples = [{ id: deal?.id, kind: "update", columns: ["name"] }];
  expect(jsonLines(json.out)).toMatchObject([{ different: 0, held: 1, examples: [], heldExamples }]);
  for (const { out, err } of [plain, json]) expect(out + err).not.toContain(SECRET);
});

test("deletions that are held back are told, with what to do about them", async () => {
  await past(sql)`INSERT INTO attio.companies (record_id, created_at)
    SELECT gen_random_uuid(), '2024-01-01' FROM generate_series(1, 120)`;
  const { exitCode, out } = await runCli(["verify", "companies", "--repair"], env);
  expect(exitCode).toBe(1);
  expect(out).toContain("companies: 120 drifted, such as\n");
  expect(out).toMatch(/companies: 20 deletions held back, .*"backfill companies --allow-deletes"/);
  const next = await runCli(["verify", "companies"], env);
  expect(next.exitCode).toBe(0);
  expect(next.out).toContain("companies: set aside: 20 deletion_held_back\n");
  const json = await runCli(["verify", "companies", "--json"], env);
  expect(jsonLines(json.out)).toMatchObject([{ setAside: 20, setAsideReasons: { deletion_held_back: 20 } }]);
  expect((await runCli(["backfill", "companies", "--allow-deletes"], env)).exitCode).toBe(0);
});

test("a stream that the workspace does not have is a mistake: exit code 2, with the streams there are", async () => {
  const { exitCode, out, err } = await runCli(["verify", "peeple"], env);
  expect({ exitCode, out }).toEqual({ exitCode: 2, out: "" });
  expect(err).toMatch(/^attio-mirror: [^\n]*"peeple"[^\n]*people[^\n]*\n$/);
});

test("a stream asked for by name that the token may not read fails; among all streams it is left out", async () => {
  const scopes = [...sandbox.access.scopes];
  sandbox.setScopes(scopes.filter((scope) => !scope.startsWith("note:")));
  const named = await runCli(["verify", "notes", "--json"], env);
  const plain = await runCli(["verify", "notes"], env);
  const all = await runCli(["verify", "--json"], env);
  sandbox.setScopes(scopes);
  expect([named.exitCode, plain.exitCode, all.exitCode]).toEqual([1, 1, 0]);
  expect(jsonLines(named.out)).toMatchObject([
    { stream: "notes", state: "forbidden", reason: expect.any(String) as string },
  ]);
  expect(plain.out).toMatch(/^notes forbidden: 403 /m);
  expect(plain.out).toMatch(/\nNo drift in what could be compared\.\n$/);
});

test("a stream that fails makes exit code 1, named or not", async () => {
  sandbox.faults.add({ kind: "status", status: 400, path: /\/v2\/tasks$/ });
  const { exitCode, out } = await runCli(["verify", "--json"], env);
  sandbox.faults.clear();
  expect(exitCode).toBe(1);
  expect(jsonLines(out).filter(({ state }) => state !== undefined)).toMatchObject([
    { stream: "tasks", state: "failed" },
  ]);
});

test("asked to stop, it ends with the shell's code for the signal", async () => {
  const stop = new AbortController();
  const io = createTestIo(stop.signal);
  const undo = sandbox.onRequest(({ path }) => {
    if (path.endsWith("/records/query")) stop.abort(new StopRequest("SIGTERM"));
  });
  const exitCode = await run(["verify"], env, io);
  undo();
  expect(exitCode).toBe(143);
  expect(await sql`SELECT 1 FROM attio_sync.runs WHERE state = 'verifying'`).toHaveLength(0);
});
