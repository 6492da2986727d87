import postgres from "postgres";
import { beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { openDatabase, type Database } from "../../src/db/index.ts";
import { startSandbox, type Sandbox } from "../../src/sandbox/index.ts";
import { bindDatabase } from "../../src/sync/start/bind-database.ts";
import { runCli } from "../support/cli.ts";
import { createTestDatabase } from "../support/database.ts";

const NOTHING = { database: null, workspace: null, parked: 0 };

let sandbox: Sandbox;
let db: Database;
let env: Record<string, string>;
/** A user's own connection. */
let user: postgres.Sql;

beforeAll(async () => {
  sandbox = await startSandbox({ seed: { people: 8, companies: 4, deals: 4, seed: 1 } });
  return () => sandbox.close();
});

beforeEach(async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  env = {
    ATTIO_API_KEY: sandbox.token,
    ATTIO_BASE_URL: sandbox.url,
    DATABASE_URL: database.url,
    ATTIO_READS_PER_SECOND: "1000",
    OUTBOUND: "*",
    LOG_LEVEL: "error",
  };
  expect((await runCli(["backfill", "people", "deals"], env)).exitCode).toBe(0);
  db = await openDatabase(database.url);
  onTestFinished(() => db.close());
  // What the first start does.
  await bindDatabase(db);
  user = postgres(database.url, { max: 1, onnotice: () => undefined });
  onTestFinished(() => user.end());
});

/** Makes the database look like a copy of another one. */
async function pretendCopy(): Promise<void> {
  await db.sql`UPDATE attio_sync.settings SET value = jsonb_set(value, '{oid}', '1') WHERE key = 'database'`;
}

async function adoptJson(...flags: string[]): Promise<unknown> {
  const { exitCode, out, err } = await runCli(["adopt", "--json", ...flags], env);
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
  return JSON.parse(out) as unknown;
}

async function changes(): Promise<(string | null)[][]> {
  const rows = await user<Record<string, string | null>[]>`
    SELECT operation, status, error_code FROM attio.changes ORDER BY id`;
  return rows.map((row) => Object.values(row));
}

test("where nothing is other than before it says so, and leaves waiting changes alone", async () => {
  await user`UPDATE attio.people SET job_title = 'Captain' WHERE record_id = (SELECT record_id FROM attio.people LIMIT 1)`;
  const { exitCode, out } = await runCli(["adopt"], env);
  expect({ exitCode, out }).toEqual({
    exitCode: 0,
    out: "Nothing to adopt: database and workspace are those that the mirror began with.\n",
  });
  expect(await adoptJson("--workspace")).toEqual(NOTHING);
  expect(await changes()).toEqual([["update", "pending", null]]);
});

test("of a database that was never filled, nothing is adopted", async () => {
  const empty = await createTestDatabase();
  onTestFinished(() => empty.drop());
  env = { ...env, DATABASE_URL: empty.url };
  expect(await adoptJson()).toEqual(NOTHING);
});

test("a copy is accepted once: what waits is parked with its reason, what was decided stays, and all is read anew", async () => {
  const { sql } = db;
  await user`UPDATE attio.people SET job_title = 'Captain'`;
  await user`UPDATE attio_sync.outbox SET status = 'pushed' WHERE id % 4 = 0`;
  await user`UPDATE attio_sync.outbox SET status = 'failed', error_code = 'value_not_found' WHERE id % 4 = 1`;
  await user`UPDATE attio_sync.outbox SET status = 'pushing', claimed_by = 1 WHERE id % 4 = 2`;
  await sql`ALTER SEQUENCE attio_sync.fetch_seq RESTART`;
  await pretendCopy();
  const adoption = await adoptJson();
  expect(adoption).toMatchObject({
    database: { from: { oid: 1 }, to: { oid: expect.any(Number) as number } },
    workspace: null,
    parked: 4,
  });
  expect(await adoptJson()).toEqual(NOTHING);
  expect((await changes()).map(String).sort()).toEqual([
    ...Array<string>(4).fill("update,failed,copied_database"),
    ...Array<string>(2).fill("update,failed,value_not_found"),
    ...Array<string>(2).fill("update,pushed,"),
  ]);
  const list = await runCli(["changes", "list", "--json"], env);
  expect(list.out).toContain("changes retry");
  const [behind] = await sql<{ behind: boolean }[]>`
    SELECT nextval('attio_sync.fetch_seq') <= (SELECT max(_fetch_seq) FROM attio.people) AS behind`;
  expect(behind).toEqual({ behind: false });
  const chores = await sql`
    SELECT key FROM attio_sync.settings WHERE key IN ('chore:schema', 'chore:backfill') AND value ? 'wantedAt'`;
  expect(chores).toHaveLength(2);
});

test("rows that were deleted here stay away while their deletes are parked", async () => {
  await user`DELETE FROM attio.deals WHERE record_id = (SELECT record_id FROM attio.deals LIMIT 1)`;
  await pretendCopy();
  const plain = await runCli(["adopt"], env);
  expect(plain.out).toMatch(
    /^Adopted this database .*\nParked 1 local change: .*\nFrom the next start .*\n$/,
  );
  expect((await runCli(["backfill", "deals"], env)).exitCode).toBe(0);
  expect(await user`SELECT FROM attio.deals`).toHaveLength(3);
  expect((await runCli(["verify", "deals"], env)).exitCode).toBe(0);
});

test("another workspace is refused with exit code 2 unless --workspace says so; then its rows come beside the old ones", async () => {
  const other = await startSandbox({ seed: { people: 3, companies: 2, deals: 1, seed: 2 } });
  onTestFinished(() => other.close());
  await user`UPDATE attio.deals SET name = 'Mine' WHERE record_id = (SELECT record_id FROM attio.deals LIMIT 1)`;
  await db.sql`INSERT INTO attio_sync.runs (stream, state, first_ticket) VALUES ('notes', 'running', 1), ('tasks', 'failed', 1)`;
  const before = env;
  env = { ...env, ATTIO_API_KEY: other.token, ATTIO_BASE_URL: other.url };
  const refused = await runCli(["adopt"], env);
  expect({ exitCode: refused.exitCode, out: refused.out }).toEqual({ exitCode: 2, out: "" });
  expect(refused.err).toMatch(
    /^attio-mirror: ATTIO_API_KEY opens the workspace [^\n]*adopt --workspace[^\n]*\n$/,
  );
  expect((await runCli(["backfill", "people"], env)).exitCode).toBe(2);
  expect(await changes()).toEqual([["update", "pending", null]]);

  expect(await adoptJson("--workspace")).toMatchObject({
    database: null,
    workspace: { from: { id: expect.any(String) as string }, to: { id: expect.any(String) as string } },
    parked: 1,
  });
  expect(await changes()).toEqual([["update", "failed", "other_workspace"]]);
  expect(await db.sql`SELECT FROM attio_sync.runs WHERE state <> 'done'`).toHaveLength(0);
  expect((await runCli(["backfill", "people"], env)).exitCode).toBe(0);
  const tables = await user<{ name: string }[]>`
    SELECT table_name AS name FROM attio.objects WHERE api_slug = 'people' ORDER BY 1`;
  const counts = await Promise.all(
    tables.map(({ name }) => user<{ rows: number }[]>`SELECT count(*)::int AS rows FROM attio.${user(name)}`),
  );
  expect(counts.map(([row]) => row?.rows).sort()).toEqual([3, 8]);
  expect((await runCli(["backfill", "people"], before)).exitCode).toBe(2);
});
