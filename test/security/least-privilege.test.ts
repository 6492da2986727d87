import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startSandbox, type Item, type Sandbox } from "../../src/sandbox/index.ts";
import {
  eventually,
  makeHome,
  mirrored,
  quiet,
  ready,
  type Home,
  type TestDaemon,
} from "../support/daemon.ts";
import { findDifferences } from "../support/oracle.ts";
import { createOwnedDatabase, type OwnedDatabase } from "../support/owned-database.ts";

/** Lines of this level and above tell of something that went wrong. */
const WARN = 40;

let database: OwnedDatabase;
let sandbox: Sandbox;
let home: Home;
let daemon: TestDaemon;
let reader: postgres.Sql;
let writer: postgres.Sql;

beforeAll(async () => {
  database = await createOwnedDatabase();
  const open = async (role: string) =>
    postgres(await database.login(role), { max: 1, onnotice: () => undefined });
  reader = await open("attio_reader");
  writer = await open("attio_writer");
  sandbox = await startSandbox({
    seed: { people: 10, companies: 5, deals: 5, seed: 6 },
    webhooks: { perSecond: 200, firstRetryMs: 50 },
  });
  home = await makeHome(sandbox, { databaseUrl: database.url });
  daemon = home.start({ env: { OUTBOUND: "*" } });
  await ready(home.origin);
  await mirrored(home.db);
});
afterAll(async () => {
  await home.close();
  await sandbox.close();
  await Promise.all([reader.end({ timeout: 1 }), writer.end({ timeout: 1 })]);
  await database.drop();
});

/** SQLSTATE with which a statement is refused; undefined if it is not. */
async function refusal(sql: postgres.Sql, statement: string): Promise<string | undefined> {
  try {
    await sql.begin(async (tx) => {
      await tx.unsafe(statement);
      // Nothing that should have been refused may stay for the other tests.
      throw new Error("it was allowed");
    });
  } catch (error) {
    return error instanceof postgres.PostgresError ? error.code : undefined;
  }
  return undefined;
}

const INSUFFICIENT_PRIVILEGE = "42501";

function firstPerson(): Item {
  const [person] = sandbox.store.records("people");
  if (person === undefined) throw new Error("there are no people");
  return person;
}

/** Every table and view of a schema, as it is written in SQL. */
async function relationsOf(schema: string, kinds = ["r", "v", "p", "m"]): Promise<string[]> {
  const rows = await database.admin<{ name: string }[]>`
    SELECT format('%I.%I', relnamespace::regnamespace, relname) AS name FROM pg_class
    WHERE relnamespace = ${schema}::regnamespace AND relkind::text = ANY(${kinds}) ORDER BY 1`;
  return rows.map(({ name }) => name);
}

test("a login that may only make schemas mirrors, hears webhooks and writes back, without a warning", async () => {
  const [rights] = await home.db.sql`
    SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS special,
      (SELECT count(*) FROM pg_auth_members WHERE member = oid) AS memberships
    FROM pg_roles WHERE rolname = current_user`;
  expect(rights).toEqual({ special: false, memberships: 0 });

  const { id } = firstPerson();
  sandbox.store.updateRecord("people", id, { job_title: "told by a webhook" });
  await quiet(home.db, sandbox);
  expect(await reader`SELECT job_title FROM attio.people WHERE record_id = ${id}`).toEqual([
    { job_title: "told by a webhook" },
  ]);
  expect(await findDifferences(sandbox, home.db.sql)).toEqual([]);

  await writer`UPDATE attio.people SET job_title = 'told by a writer' WHERE record_id = ${id}`;
  await eventually(
    () => writer`SELECT status FROM attio.changes`,
    ([change]) => change?.["status"] === "pushed",
  );
  await quiet(home.db, sandbox);
  expect(await findDifferences(sandbox, home.db.sql)).toEqual([]);
  expect(await reader`SELECT job_title FROM attio.people WHERE record_id = ${id}`).toEqual([
    { job_title: "told by a writer" },
  ]);

  const lines = daemon
    .log()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { level: number });
  expect(lines.filter(({ level }) => level >= WARN)).toEqual([]);
});

test("a reader may read everything of the mirror and write nothing", async () => {
  const relations = await relationsOf("attio");
  expect(relations.length).toBeGreaterThan(20);
  for (const name of relations) await reader.unsafe(`SELECT * FROM ${name} LIMIT 1`);
  await reader`SELECT attio.current_id(gen_random_uuid())`;

  const beyond = await database.admin`
    SELECT table_name, privilege_type FROM information_schema.role_table_grants
    WHERE grantee IN ('attio_reader', 'PUBLIC') AND table_schema LIKE 'attio%' AND privilege_type <> 'SELECT'`;
  expect(beyond).toEqual([]);
  const statements = (await relationsOf("attio", ["r"])).flatMap((name) => [
    `INSERT INTO ${name} DEFAULT VALUES`,
    `DELETE FROM ${name}`,
    `TRUNCATE ${name}`,
  ]);
  const attempts = [
    ...statements,
    "UPDATE attio.people SET job_title = 'x'",
    "CREATE TABLE attio.mine (id int)",
    "CREATE SCHEMA mine",
    "ALTER TABLE attio.people DISABLE TRIGGER ALL",
  ];
  for (const statement of [
    "",
    "SET LOCAL attio_mirror.writer = 'daemon';",
    "SELECT set_config('attio_mirror.sync_transaction', pg_current_xact_id()::text, true);",
  ])
    for (const attempt of attempts)
      expect([attempt, await refusal(reader, statement + attempt)]).toEqual([
        attempt,
        INSUFFICIENT_PRIVILEGE,
      ]);
});

test("a writer may write to the tables of streams alone, and change no table", async () => {
  const granted = await database.admin<{ name: string; rights: string[] }[]>`
    SELECT format('%I.%I', table_schema, table_name) AS name, array_agg(privilege_type::text ORDER BY 1) AS rights
    FROM information_schema.role_table_grants
    WHERE grantee = 'attio_writer' AND privilege_type <> 'SELECT' GROUP BY 1 ORDER BY 1`;
  const streams = await home.db.sql<{ name: string }[]>`
    SELECT format('attio.%I', table_name) AS name FROM attio.objects UNION
    SELECT format('attio.%I', table_name) FROM attio.lists UNION
    SELECT 'attio.' || name FROM unnest(ARRAY['notes', 'tasks', 'comments', 'threads', 'meetings',
      'call_recordings', 'files', 'workspace_members']) AS name ORDER BY 1`;
  expect(granted.map(({ name }) => name)).toEqual(streams.map(({ name }) => name));
  expect(new Set(granted.flatMap(({ rights }) => rights))).toEqual(new Set(["DELETE", "INSERT", "UPDATE"]));

  for (const attempt of [
    "TRUNCATE attio.people",
    "ALTER TABLE attio.people DISABLE TRIGGER ALL",
    "DROP TRIGGER attio_mirror_capture_update ON attio.people",
    "INSERT INTO attio.id_map VALUES (gen_random_uuid(), gen_random_uuid(), 'people', now())",
    "CREATE TABLE attio.mine (id int)",
    "CREATE FUNCTION attio.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
  ])
    expect([attempt, await refusal(writer, attempt)]).toEqual([attempt, INSUFFICIENT_PRIVILEGE]);
});

test.each(["attio_sync", "attio_queue"])("nothing in %s is anyone's but the daemon's", async (schema) => {
  const relations = await relationsOf(schema);
  expect(relations.length).toBeGreaterThan(3);
  for (const [who, sql] of Object.entries({ reader, writer }))
    for (const name of relations)
      for (const attempt of [`SELECT FROM ${name}`, `DELETE FROM ${name}`])
        expect([who, attempt, await refusal(sql, attempt)]).toEqual([who, attempt, INSUFFICIENT_PRIVILEGE]);
  // Who could name the trigger functions could put them on a table of his own and so write to the outbox.
  const [open] = await database.admin`
    SELECT has_schema_privilege('attio_reader', ${schema}, 'USAGE') OR
           has_schema_privilege('attio_writer', ${schema}, 'USAGE') AS open`;
  expect(open).toEqual({ open: false });
});

test("every function that runs with the daemon's rights has a search_path of its own", async () => {
  const functions = await database.admin<{ name: string; settings: string[] | null }[]>`
    SELECT proname AS name, proconfig AS settings FROM pg_proc WHERE prosecdef AND pronamespace::regnamespace::text LIKE 'attio%'`;
  expect(functions.length).toBeGreaterThan(3);
  for (const { name, settings } of functions)
    expect([name, settings]).toEqual([name, expect.arrayContaining(["search_path=pg_catalog, pg_temp"])]);
});
