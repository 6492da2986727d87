import postgres from "postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openDatabase, type Sql } from "../../../src/db/index.ts";
import { backfill } from "../../../src/sync/backfill/index.ts";
import { syncSchema } from "../../../src/sync/schema/sync-schema.ts";
import { startMirror, type Mirror } from "../../support/mirror.ts";
import { rowVersions, touchedRows } from "../../support/row-versions.ts";

const SEED = { people: 3, companies: 3, deals: 3, seed: 2 };

let mirror: Mirror;
let sql: Sql;
/** A user's own connection. */
let user: postgres.Sql;

beforeAll(async () => {
  mirror = await startMirror({ sandbox: { seed: SEED }, life: "file" });
  ({ sql } = mirror.db);
  await mirror.backfill();
  user = postgres(mirror.db.url, { max: 1, onnotice: () => undefined });
});
afterAll(() => user.end({ timeout: 1 }));

function refusal(table: string, stream?: string): string {
  return `attio.${table} is read-only${stream === undefined ? "" : ` (OUTBOUND does not name "${stream}")`}`;
}

async function expectRefused(work: Promise<unknown>, message: string): Promise<void> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ message, code: "42501" });
}

it.each([
  ["INSERT", "INSERT INTO attio.people (name) VALUES ('Eve')"],
  [
    "INSERT … ON CONFLICT",
    "INSERT INTO attio.people SELECT * FROM attio.people ON CONFLICT (record_id) DO UPDATE SET name = 'Eve'",
  ],
  ["INSERT of nothing", "INSERT INTO attio.people (name) SELECT 'Eve' WHERE false"],
  ["UPDATE", "UPDATE attio.people SET name = 'Eve'"],
  ["UPDATE … FROM", "UPDATE attio.people p SET name = c.name FROM attio.companies c"],
  ["UPDATE of bookkeeping", "UPDATE attio.people SET _hash = NULL"],
  ["UPDATE of a key", "UPDATE attio.people SET record_id = gen_random_uuid()"],
  ["DELETE", "DELETE FROM attio.people"],
  ["TRUNCATE", "TRUNCATE attio.people"],
  ["COPY", "COPY attio.people (name) FROM '/dev/null'"],
])("%s of a record's table is refused, with what opens it", async (_, statement) => {
  const before = await rowVersions(sql);
  await expectRefused(user.unsafe(statement), refusal("people", "people"));
  expect(touchedRows(before, await rowVersions(sql))).toEqual([]);
});

it("a user's view of a table is refused like the table", async () => {
  await user`CREATE VIEW public.my_people AS SELECT record_id, name FROM attio.people`;
  await expectRefused(user`UPDATE public.my_people SET name = 'Eve'`.execute(), refusal("people", "people"));
});

it.each([
  ["list_sales", "list:sales"],
  ["notes", "notes"],
  ["tasks", "tasks"],
  ["comments", "comments"],
  ["workspace_members", undefined],
  ["meetings", undefined],
  ["call_recordings", undefined],
  ["files", undefined],
  ["threads", undefined],
] as const)("%s is refused too", async (table, stream) => {
  await expectRefused(user.unsafe(`DELETE FROM attio.${table}`), refusal(table, stream));
  await expectRefused(user.unsafe(`UPDATE attio.${table} SET _hash = NULL`), refusal(table, stream));
});

it("rights: who may write gets the same answer, who may read none that is ours", async () => {
  const as = (role: string) =>
    user.begin(async (tx) => {
      await tx.unsafe(`SET LOCAL ROLE ${role}`);
      await tx`DELETE FROM attio.people`;
    });
  await expectRefused(as("attio_writer"), refusal("people", "people"));
  await expectRefused(as("attio_reader"), "permission denied for table people");
});

it("a user's own column is the user's to write", async () => {
  await user`ALTER TABLE attio.deals ADD COLUMN score integer`;
  await mirror.syncSchema();
  await user`UPDATE attio.deals SET score = 7`;
  expect(await user`SELECT DISTINCT score FROM attio.deals`).toEqual([{ score: 7 }]);
});

it("a column that is new, or has a new name, is guarded from then on", async () => {
  const { store } = mirror.sandbox;
  store.createAttribute("companies", { slug: "motto", type: "text" });
  await mirror.syncSchema();
  await expectRefused(
    user`UPDATE attio.companies SET motto = 'x'`.execute(),
    refusal("companies", "companies"),
  );
  store.updateAttribute("companies", "motto", { slug: "slogan" });
  store.createAttribute("companies", { slug: "motto", type: "text" });
  store.updateObject("companies", { slug: "firms" });
  await mirror.syncSchema();
  for (const column of ["motto", "slogan"])
    await expectRefused(user.unsafe(`UPDATE attio.firms SET ${column} = 'x'`), refusal("firms", "firms"));
  expect((await mirror.syncSchema()).changed).toEqual([]);
});

it("a table of an earlier version is guarded by the next schema sync", async () => {
  await sql`DROP TRIGGER attio_mirror_guard_rows ON attio.deals`;
  await sql`DROP TRIGGER attio_mirror_guard_columns ON attio.deals`;
  expect((await mirror.syncSchema()).changed).toEqual(["deals"]);
  await expectRefused(user`DELETE FROM attio.deals`.execute(), refusal("deals", "deals"));
});

it("poolers: the daemon writes although its connection's settings were lost", async () => {
  const { store } = mirror.sandbox;
  const pooled = await openDatabase(mirror.db.url, { connections: 2 });
  try {
    const deps = { ...mirror.deps, db: pooled };
    const [changed, removed] = store.records("people");
    store.updateRecord("people", changed?.id ?? "", { job_title: "Pilot" });
    store.deleteRecord("people", removed?.id ?? "");
    store.createAttribute("people", { slug: "shoe_size", type: "number" });
    await syncSchema(deps);
    const results = await backfill(deps, { streams: ["people", "notes", "list:sales"] });
    expect(results.map(({ state }) => state)).toEqual(["ok", "ok", "ok"]);
    expect(results[0]).toMatchObject({ written: 2, deleted: 1 });
  } finally {
    await pooled.close();
  }
});
