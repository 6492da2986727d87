import { afterAll, beforeAll, expect, test } from "vitest";
import postgres from "postgres";
import { startSandbox, type Sandbox } from "../../src/sandbox/index.ts";
import { runCli } from "../support/cli.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let sandbox: Sandbox;
let database: TestDatabase;
let env: Record<string, string>;
/** A user's own connection. */
let user: postgres.Sql;

beforeAll(async () => {
  sandbox = await startSandbox({ seed: { people: 8, companies: 4, deals: 4, seed: 1 } });
  database = await createTestDatabase();
  env = {
    ATTIO_API_KEY: sandbox.token,
    ATTIO_BASE_URL: sandbox.url,
    DATABASE_URL: database.url,
    ATTIO_READS_PER_SECOND: "1000",
    OUTBOUND: "*",
    LOG_LEVEL: "error",
  };
  expect((await runCli(["backfill", "people", "companies"], env)).exitCode).toBe(0);
  user = postgres(database.url, { max: 1, onnotice: () => undefined });
});

afterAll(async () => {
  await user.end();
  await sandbox.close();
  await database.drop();
});

test("local changes that are not in Attio are counted, each stream's by where they stand", async () => {
  await user`UPDATE attio.people SET job_title = 'Captain'`;
  const changes = await user<{ id: string }[]>`SELECT id FROM attio.changes ORDER BY id`;
  const statuses = ["pending", "pushing", "failed", "failed", "failed", "conflict", "pushed", "discarded"];
  for (const [index, status] of statuses.entries())
    await user`UPDATE attio_sync.outbox SET status = ${status} WHERE id = ${changes[index]?.id ?? ""}`;

  const json = await runCli(["status", "--json"], env);
  const { streams } = JSON.parse(json.out) as { streams: Record<string, unknown>[] };
  const counts = ({ stream, pending, failed, conflicts }: Record<string, unknown>) => [
    stream,
    { pending, failed, conflicts },
  ];
  const none = { pending: 0, failed: 0, conflicts: 0 };
  expect(Object.fromEntries(streams.map(counts)) as unknown).toMatchObject({
    people: { pending: 2, failed: 3, conflicts: 1 },
    companies: none,
    notes: none,
  });

  const plain = await runCli(["status"], env);
  expect(plain.out).toMatch(
    /^ stream +│ rows │ last backfill +│ state +│ pending │ failed │ conflicts │ reason/,
  );
  expect(plain.out).toMatch(/^ people +│ +8 │ [^│]+ │ ok +│ +2 │ +3 │ +1 │/m);
});

test("a stream of which Attio refuses every write says so, with the code", async () => {
  await user`
    UPDATE attio_sync.streams SET writes_paused_until = now() + interval '5 minutes', writes_pause_code = 'billing_error',
      writes_pause_message = 'The plan does not include this.' WHERE stream = 'companies'`;
  const { streams } = JSON.parse((await runCli(["status", "--json"], env)).out) as {
    streams: { stream: string; writesPaused: unknown }[];
  };
  const paused = streams.filter(({ writesPaused }) => writesPaused !== null);
  expect(paused).toMatchObject([
    {
      stream: "companies",
      writesPaused: { code: "billing_error", message: "The plan does not include this." },
    },
  ]);
  expect((await runCli(["status"], env)).out).toMatch(/^ companies .*│ writes paused: billing_error/m);
  await user`UPDATE attio_sync.streams SET writes_paused_until = now() - interval '1 second' WHERE stream = 'companies'`;
  expect((await runCli(["status"], env)).out).not.toContain("writes paused");
});

test("a stream that was never read is pending; one that Attio does not show says so", async () => {
  const { out } = await runCli(["status", "--json"], env);
  const { streams } = JSON.parse(out) as { streams: { stream: string; state: string }[] };
  const states = Object.fromEntries(streams.map(({ stream, state }) => [stream, state]));
  expect(states).toMatchObject({ people: "ok", companies: "ok", deals: "pending" });
});

test("a database of another version is told apart from one in which nothing is mirrored yet", async () => {
  const [last] = await user<
    { id: number }[]
  >`SELECT id FROM attio_sync.migrations ORDER BY created_at DESC LIMIT 1`;
  const id = last?.id ?? 0;
  await user`UPDATE attio_sync.migrations SET created_at = created_at + 1 WHERE id = ${id}`;
  const newer = await runCli(["status"], env);
  expect(newer).toMatchObject({ exitCode: 1, out: "" });
  expect(newer.err).toMatch(
    /newer version of attio-mirror: it is at schema \d+, and this version knows \d+; install that version/,
  );

  await user`UPDATE attio_sync.migrations SET created_at = created_at - 2 WHERE id = ${id}`;
  const older = await runCli(["status"], env);
  expect(older).toMatchObject({ exitCode: 1, out: "" });
  expect(older.err).toMatch(
    /older version of attio-mirror: it is at schema \d+, and this version needs \d+; run attio-mirror migrate/,
  );
  expect((await runCli(["webhooks", "replay", "--since", "2026-01-01"], env)).err).toContain(
    "run attio-mirror migrate",
  );
  await user`UPDATE attio_sync.migrations SET created_at = created_at + 1 WHERE id = ${id}`;
});
