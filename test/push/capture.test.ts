import postgres from "postgres";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { readFile } from "node:fs/promises";
import { SYNC_SETTING } from "../../src/db/mirror/write-guard.ts";
import { asDaemon, past } from "../support/as-daemon.ts";
import { startMirror, type Mirror } from "../support/mirror.ts";

const SEED = { people: 5, companies: 4, deals: 3, seed: 2 };

let mirror: Mirror;
/** A user's own connection. */
let user: postgres.Sql;

beforeAll(async () => {
  mirror = await startMirror({
    sandbox: { seed: SEED },
    outbound: "*",
    life: "file",
  });
  await mirror.backfill();
  user = postgres(mirror.db.url, { max: 1, onnotice: () => undefined });
});
afterAll(() => user.end({ timeout: 1 }));
beforeEach(() => mirror.db.sql`TRUNCATE attio_sync.outbox`);

interface Change {
  table_name: string;
  record_id: string;
  operation: string;
  changes: Record<string, unknown>;
  base: Record<string, unknown>;
  status: string;
}

function changes(): Promise<Change[]> {
  return user<Change[]>`
    SELECT table_name, record_id, operation, changes, base, status FROM attio.changes ORDER BY id`;
}

async function refusal(work: PromiseLike<unknown>): Promise<unknown> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : error;
  }
}

async function aPerson(): Promise<{ record_id: string; job_title: string | null }> {
  const [row] = await user<{ record_id: string; job_title: string | null }[]>`
    SELECT record_id, job_title FROM attio.people ORDER BY record_id LIMIT 1`;
  if (row === undefined) throw new Error("no people");
  return row;
}

it("an UPDATE is captured with its old and new values, and only where they differ", async () => {
  const { record_id, job_title } = await aPerson();
  await user`UPDATE attio.people SET job_title = 'Captain' WHERE record_id = ${record_id}`;
  await user`UPDATE attio.people SET job_title = job_title`;
  expect(await changes()).toEqual([
    {
      table_name: "people",
      record_id,
      operation: "update",
      changes: { job_title: "Captain" },
      base: { job_title },
      status: "pending",
    },
  ]);
});

it("ORMs send whole rows: a read-only column counts as written only where it differs", async () => {
  const { record_id } = await aPerson();
  await user`
    UPDATE attio.people SET job_title = 'Whole', record_id = record_id, created_at = created_at, web_url = web_url, _hash = _hash
    WHERE record_id = ${record_id}`;
  await user`
    INSERT INTO attio.people (record_id, created_at, job_title)
    SELECT record_id, created_at, 'Whole again' FROM attio.people WHERE record_id = ${record_id}
    ON CONFLICT (record_id) DO UPDATE SET created_at = excluded.created_at, job_title = excluded.job_title`;
  expect((await changes()).map((change) => [change.operation, change.changes])).toEqual([
    ["update", { job_title: "Whole" }],
    ["update", { job_title: "Whole again" }],
  ]);
});

it("rows of one statement may differ in what they change", async () => {
  await user`UPDATE attio.companies SET description = 'same'`;
  await mirror.db.sql`TRUNCATE attio_sync.outbox`;
  const rows = await user<{ record_id: string }[]>`SELECT record_id FROM attio.companies ORDER BY record_id`;
  await user`
    UPDATE attio.companies SET name = CASE WHEN record_id = ${rows[0]?.record_id ?? ""} THEN 'One' ELSE name END,
      description = CASE WHEN record_id = ${rows[1]?.record_id ?? ""} THEN 'Two' ELSE description END`;
  const captured = await changes();
  expect(captured.map((change) => [change.record_id, change.changes]).toSorted()).toEqual(
    [
      [rows[0]?.record_id, { name: "One" }],
      [rows[1]?.record_id, { description: "Two" }],
    ].toSorted(),
  );
});

it("one part of a name brings the others along", async () => {
  const { record_id } = await aPerson();
  await user`UPDATE attio.people SET name_first = 'Zoë' WHERE record_id = ${record_id}`;
  const [change] = await changes();
  expect(Object.keys(change?.changes ?? {}).toSorted()).toEqual(["name", "name_first", "name_last"]);
  expect(change?.changes.name_first).toBe("Zoë");
});

it("INSERT, ON CONFLICT, DELETE and COPY are captured; what is rolled back is not", async () => {
  const { record_id } = await aPerson();
  await user.begin(async (tx) => {
    await tx`INSERT INTO attio.companies (name, domains) VALUES ('Kept', ARRAY['kept.example.org'])`;
    await tx
      .savepoint(async (inner) => {
        await inner`INSERT INTO attio.companies (name) VALUES ('Lost')`;
        throw new Error("undo");
      })
      .catch(() => undefined);
    await tx`
      INSERT INTO attio.people (record_id, job_title) VALUES (${record_id}, 'Upserted')
      ON CONFLICT (record_id) DO UPDATE SET job_title = excluded.job_title`;
    await tx`DELETE FROM attio.people WHERE record_id = ${record_id}`;
  });
  const copy = await user`COPY attio.deals (name) FROM STDIN`.writable();
  copy.end("Copied\n");
  await new Promise((resolve) => copy.once("finish", resolve));
  const captured = await changes();
  expect(captured.map(({ operation, table_name, changes }) => [operation, table_name, changes])).toEqual([
    ["insert", "companies", { name: "Kept", domains: ["kept.example.org"] }],
    ["update", "people", { job_title: "Upserted" }],
    ["delete", "people", {}],
    ["insert", "deals", { name: "Copied" }],
  ]);
});

it("the daemon's own writes are not captured", async () => {
  await asDaemon(mirror.db.sql, (tx) => tx`UPDATE attio.people SET job_title = 'by the daemon'`);
  expect(await changes()).toEqual([]);
});

it.each([
  [
    "UPDATE attio.people SET created_at = now()",
    'column "created_at" of attio.people is read-only: Attio sets it',
  ],
  [
    "UPDATE attio.people SET _hash = NULL, job_title = 'x'",
    'column "_hash" of attio.people is read-only: the mirror sets it',
  ],
  [
    "UPDATE attio.people SET record_id = gen_random_uuid()",
    'column "record_id" of attio.people cannot be changed',
  ],
  [
    "INSERT INTO attio.people (web_url) VALUES ('x')",
    'column "web_url" of attio.people is read-only: Attio sets it',
  ],
  [
    "UPDATE attio.people SET email_addresses = ARRAY['a@b.co', NULL]",
    'column "email_addresses" must not hold a NULL element',
  ],
  [
    "UPDATE attio.people SET email_addresses = ARRAY[['a@b.co']]",
    'column "email_addresses" must not hold nested arrays',
  ],
  ["UPDATE attio.deals SET value = 'NaN'", 'column "value" must be a finite number'],
  ["INSERT INTO attio.deals (value) VALUES ('NaN')", 'column "value" must be a finite number'],
  [
    "INSERT INTO attio.people (email_addresses) VALUES (ARRAY[['a@b.co']])",
    'column "email_addresses" must not hold nested arrays',
  ],
  [
    "INSERT INTO attio.people (email_addresses) VALUES (ARRAY['a@b.co', NULL])",
    'column "email_addresses" must not hold a NULL element',
  ],
  [
    "INSERT INTO attio.projects (name, scores) VALUES ('x', ARRAY[1, 'NaN'::float8])",
    'column "scores" must be a finite number',
  ],
  [
    "INSERT INTO attio.projects (name, milestones) VALUES ('x', ARRAY['infinity'::date])",
    'column "milestones" must be a finite time',
  ],
  ["TRUNCATE attio.people", "attio.people cannot be truncated: DELETE is what goes to Attio"],
])("refused at the statement: %s", async (statement, message) => {
  expect(await refusal(user.unsafe(statement))).toBe(message);
  expect(await changes()).toEqual([]);
});

it("a setting that leaked from another transaction silences nothing", async () => {
  const { record_id } = await aPerson();
  const [other] = await user.begin(
    (tx) => tx`SELECT set_config(${SYNC_SETTING}, pg_current_xact_id()::text, false) AS leaked`,
  );
  expect(other?.["leaked"]).toMatch(/^\d+$/);
  await user`SET attio_mirror.writer = 'daemon'`;
  await user`UPDATE attio.people SET job_title = 'Leaked' WHERE record_id = ${record_id}`;
  await user`INSERT INTO attio.people (job_title) VALUES ('Leaked')`;
  expect(await refusal(user`UPDATE attio.meetings SET title = 'x'`)).toBe("attio.meetings is read-only");
  await user`RESET ALL`;
  expect((await changes()).map(({ operation }) => operation)).toEqual(["update", "insert"]);
});

it("session_replication_role does not write past capture and guard", async () => {
  const { record_id } = await aPerson();
  await user.begin(async (tx) => {
    await tx`SET LOCAL session_replication_role = replica`;
    await tx`UPDATE attio.people SET job_title = 'Replica' WHERE record_id = ${record_id}`;
    expect(await refusal(tx.savepoint((inner) => inner`DELETE FROM attio.meetings`))).toBe(
      "attio.meetings is read-only",
    );
  });
  expect((await changes()).map(({ changes: cells }) => cells)).toEqual([{ job_title: "Replica" }]);
});

it("a trigger of the user's tells the mirror's writes by attio.is_sync_write()", async () => {
  const { record_id } = await aPerson();
  const text = await readFile(new URL("../../docs/writing.md", import.meta.url), "utf8");
  const example = /```sql\n(CREATE TABLE public\.people_audit[^]*?)```/.exec(text)?.[1] ?? "";
  await user.unsafe(example);
  await user`UPDATE attio.people SET job_title = 'Audited' WHERE record_id = ${record_id}`;
  await past(mirror.db.sql)`UPDATE attio.people SET job_title = 'From Attio' WHERE record_id = ${record_id}`;
  expect(await user`SELECT after ->> 'job_title' AS title FROM public.people_audit`).toEqual([
    { title: "Audited" },
  ]);
  await user`DROP TRIGGER people_audit ON attio.people`;
});

it("a part that means nothing without its main column is refused; taking the main column away alone is not", async () => {
  const member = "10000000-0000-4000-8000-000000000001";
  const lonely = (part: string, main: string) =>
    `column "${part}" means nothing without a value in "${main}"`;
  expect(
    await refusal(user`INSERT INTO attio.deals (name, owner_type) VALUES ('x', 'workspace-member')`),
  ).toBe(lonely("owner_type", "owner"));
  await past(mirror.db.sql)`UPDATE attio.deals SET owner = NULL, owner_type = NULL`;
  expect(await refusal(user`UPDATE attio.deals SET owner_type = 'workspace-member'`)).toBe(
    lonely("owner_type", "owner"),
  );
  await past(mirror.db.sql)`UPDATE attio.deals SET owner = ${member}, owner_type = 'workspace-member'`;
  await user`UPDATE attio.deals SET owner = NULL`;
  expect(await refusal(user`INSERT INTO attio.deals (name, value_currency) VALUES ('x', 'EUR')`)).toBe(
    'column "value_currency" of attio.deals is read-only: Attio sets it',
  );
  await mirror.db.sql`TRUNCATE attio_sync.outbox`;
  await user`INSERT INTO attio.people (name_first, primary_location_locality, primary_location_country_code) VALUES ('Ada', 'Bern', 'CH')`;
  expect((await changes()).map(({ changes: cells }) => cells)).toEqual([
    { name_first: "Ada", primary_location_locality: "Bern", primary_location_country_code: "CH" },
  ]);
});

it("times that a client cut to milliseconds are no change, and stand as Attio has them", async () => {
  const { record_id } = await aPerson();
  const at = "2024-02-03 04:05:06.123456+00";
  await past(
    mirror.db.sql,
  )`UPDATE attio.people SET created_at = ${at}::text::timestamptz WHERE record_id = ${record_id}`;
  const [row] = await user<
    Record<string, unknown>[]
  >`SELECT * FROM attio.people WHERE record_id = ${record_id}`;
  const { created_at, _synced_at, _hash, web_url } = (row ?? {}) as Record<string, Date & string>;
  await user`
    UPDATE attio.people SET ${user({ created_at, _synced_at, _hash, web_url, job_title: "Saved by a client" })}
    WHERE record_id = ${record_id}`;
  expect((await changes()).map(({ changes: cells }) => cells)).toEqual([{ job_title: "Saved by a client" }]);
  const [after] =
    await user`SELECT created_at = ${at}::text::timestamptz AS whole, job_title FROM attio.people WHERE record_id = ${record_id}`;
  expect(after).toEqual({ whole: true, job_title: "Saved by a client" });
  expect(
    await refusal(
      user`UPDATE attio.people SET created_at = created_at + interval '1 ms' WHERE record_id = ${record_id}`,
    ),
  ).toBe('column "created_at" of attio.people is read-only: Attio sets it');
});

it("a deleted row holds up no UPDATE that leaves its own values alone", async () => {
  const { record_id } = await aPerson();
  await user`ALTER TABLE attio.people ADD COLUMN score int`;
  await past(mirror.db.sql)`
    UPDATE attio.people SET _deleted_at = now(), job_title = 'Gone' WHERE record_id = ${record_id}`;
  await user`UPDATE attio.people SET score = 1`;
  await user`UPDATE attio.people SET job_title = 'Gone'`;
  const refused = user`UPDATE attio.people SET job_title = 'All'`.execute();
  await expect(refused).rejects.toMatchObject({
    message: `a deleted row of attio.people cannot be changed: ${record_id}`,
    hint: "Leave deleted rows out with AND _deleted_at IS NULL.",
  });
  await user`UPDATE attio.people SET job_title = 'Alive' WHERE _deleted_at IS NULL`;
  await past(mirror.db.sql)`UPDATE attio.people SET _deleted_at = NULL WHERE record_id = ${record_id}`;
});

it("a change says which unique values it frees, and a deletion which it had", async () => {
  const { record_id } = await aPerson();
  await past(mirror.db.sql)`
    UPDATE attio.people SET email_addresses = '{Ada@One.com,ada@two.com}' WHERE record_id = ${record_id}`;
  await user`UPDATE attio.people SET job_title = 'frees nothing' WHERE record_id = ${record_id}`;
  await user`UPDATE attio.people SET email_addresses = '{ADA@two.com,ada@three.com}', job_title = 'x' WHERE record_id = ${record_id}`;
  await user`DELETE FROM attio.people WHERE record_id = ${record_id}`;
  expect(
    await mirror.db
      .sql`SELECT operation, frees, base -> 'job_title' AS title FROM attio_sync.outbox ORDER BY id`,
  ).toMatchObject([
    { operation: "update", frees: null },
    { operation: "update", frees: ["ada@one.com"] },
    { operation: "delete", frees: ["ada@three.com", "ada@two.com"], title: null },
  ]);
  const [deleted] = await mirror.db.sql`SELECT base FROM attio_sync.outbox WHERE operation = 'delete'`;
  expect(deleted?.["base"]).toEqual({ email_addresses: ["ADA@two.com", "ada@three.com"] });
});

it("a table that Attio does not let us write stays closed", async () => {
  expect(await refusal(user`UPDATE attio.meetings SET title = 'x'`)).toBe("attio.meetings is read-only");
});
