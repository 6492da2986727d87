import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { wantBackfillOf } from "../../src/db/queries/chores.ts";
import { startSandbox, type Sandbox } from "../../src/sandbox/index.ts";
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

const START_MS = 60_000;

let sandbox: Sandbox;
let home: Home;
let daemon: TestDaemon;
/** A user's own connection. */
let user: postgres.Sql;

beforeAll(async () => {
  sandbox = await startSandbox({
    seed: { people: 30, companies: 10, deals: 8, seed: 3 },
    webhooks: { perSecond: 200, firstRetryMs: 50 },
  });
  home = await makeHome(sandbox);
  daemon = home.start({ env: { OUTBOUND: "*", HISTORY: "off" } });
  await ready(home.origin);
  await mirrored(home.db);
  user = postgres(home.db.url, { max: 2, onnotice: () => undefined });
});
afterAll(async () => {
  await user.end({ timeout: 1 });
  await home.close();
  await sandbox.close();
});

function writes(): number {
  return sandbox.log.filter({ kind: "write" }).filter(({ path }) => !path.includes("webhooks")).length;
}

async function pushed(): Promise<void> {
  await eventually(
    () => user<{ left: number }[]>`SELECT count(*)::int AS left FROM attio.changes WHERE status <> 'pushed'`,
    (rows) => rows[0]?.left === 0,
    START_MS,
  );
}

test("flip-flop: a reader never sees an old value again, through push, echo and a running backfill", async () => {
  const [person] = await user<{ record_id: string }[]>`SELECT record_id FROM attio.people LIMIT 1`;
  const id = person?.record_id ?? "";
  for (let round = 1; round <= 5; round++) {
    const value = `Round ${round}`;
    await user`UPDATE attio.people SET job_title = ${value} WHERE record_id = ${id}`;
    await wantBackfillOf(home.db.sql, ["people"]);
    const seen = new Set<unknown>();
    const until = performance.now() + 700;
    while (performance.now() < until) {
      const [row] = await user`SELECT job_title FROM attio.people WHERE record_id = ${id}`;
      seen.add(row?.["job_title"]);
    }
    expect([...seen]).toEqual([value]);
  }
  await pushed();
  await quiet(home.db, sandbox);
  expect(await findDifferences(sandbox, home.db.sql)).toEqual([]);
});

test("inserts are made once each, although the daemon is killed between request and settlement", async () => {
  const { store } = sandbox;
  const count = () =>
    [store.records("companies"), store.records("deals"), store.entries("sales")].map(({ length }) => length);
  const before = count();
  const fault = sandbox.faults.add({ kind: "late", ms: 3_000, path: /(records|entries)$/, times: 9 });
  await user.begin(async (tx) => {
    await tx`
      INSERT INTO attio.companies (name, domains) SELECT 'Killed ' || n, ARRAY['killed-' || n || '.com']
      FROM generate_series(1, 4) AS n`;
    await tx`
      INSERT INTO attio.deals (name, stage, owner)
      SELECT 'Killed ' || n, 'Lead', (SELECT workspace_member_id FROM attio.workspace_members LIMIT 1)
      FROM generate_series(1, 4) AS n`;
    await tx`
      INSERT INTO attio.list_sales (parent_object, parent_record_id, remark)
      SELECT 'companies', record_id, 'killed' FROM attio.companies WHERE name NOT LIKE 'Killed %' LIMIT 4`;
  });
  await eventually(
    () => Promise.resolve(fault.hits),
    (hits) => hits >= 9,
  );
  await daemon.end("SIGKILL");
  daemon = home.start({ env: { OUTBOUND: "*", HISTORY: "off" } });
  await ready(home.origin);
  await pushed();
  await quiet(home.db, sandbox);
  expect(count()).toEqual(before.map((length) => length + 4));
  expect(await findDifferences(sandbox, home.db.sql)).toEqual([]);
}, 150_000);

test("echo loop: at rest nothing is written any more, and with OUTBOUND=off a table is closed again", async () => {
  const before = writes();
  await daemon.end();
  daemon = home.start({ env: { HISTORY: "off" } });
  await ready(home.origin);
  const refusal = await eventually(
    async () => {
      try {
        // Nothing is changed, so that a table which is still open captures nothing.
        await user`UPDATE attio.people SET job_title = job_title`;
        return "";
      } catch (error) {
        return error instanceof Error ? error.message : "";
      }
    },
    (message) => message !== "",
    START_MS,
  );
  expect(refusal).toBe('attio.people is read-only (OUTBOUND does not name "people")');
  await quiet(home.db, sandbox);
  expect(writes()).toBe(before);
});
