import postgres from "postgres";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { WRITER_SETTING } from "../../src/db/mirror/write-guard.ts";
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
  await mirror.db.sql`UPDATE attio.people SET job_title = 'by the daemon'`;
  await user.begin(async (tx) => {
    await tx`SELECT set_config(${WRITER_SETTING}, 'daemon', true)`;
    await tx`UPDATE attio.people SET job_title = 'too'`;
  });
  expect(await changes()).toEqual([]);
});

it.each([
  [
    "UPDATE attio.people SET created_at = now()",
    'column "created_at" of attio.people is read-only: Attio sets it',
  ],
  [
    "UPDATE attio.people SET _hash = NULL, job_title = 'x'",
    'column "_hash" of attio.people is read-only: Attio sets it',
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

it("a table that Attio does not let us write stays closed", async () => {
  expect(await refusal(user`UPDATE attio.meetings SET title = 'x'`)).toBe("attio.meetings is read-only");
});
