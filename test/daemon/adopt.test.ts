import { setTimeout as delay } from "node:timers/promises";
import postgres from "postgres";
import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../../src/db/index.ts";
import { startSandbox, type Sandbox } from "../../src/sandbox/index.ts";
import { bindDatabase } from "../../src/sync/start/bind-database.ts";
import { runCli } from "../support/cli.ts";
import { eventually, makeHome, ready, type Home } from "../support/daemon.ts";
import { copyTestDatabase, createTestDatabase } from "../support/database.ts";
import { findDifferences } from "../support/oracle.ts";

const OUTBOUND = { OUTBOUND: "*", HISTORY: "off" };

/** A mirror with an edit, an insert and a delete that wait, and a copy of it. */
async function copyWithChanges(sandbox: Sandbox): Promise<{ original: string; copy: string }> {
  const original = await createTestDatabase();
  onTestFinished(() => original.drop());
  const env = { ATTIO_API_KEY: sandbox.token, ATTIO_BASE_URL: sandbox.url, DATABASE_URL: original.url };
  const { exitCode } = await runCli(["backfill"], { ...env, ...OUTBOUND, LOG_LEVEL: "error" });
  expect(exitCode).toBe(0);
  const db = await openDatabase(original.url);
  await bindDatabase(db);
  await db.close();
  const user = postgres(original.url, { max: 1, onnotice: () => undefined });
  await user`UPDATE attio.people SET job_title = 'Captain'
    WHERE record_id = (SELECT record_id FROM attio.people ORDER BY record_id LIMIT 1)`;
  // Nothing unique in it: made twice, it would be there twice.
  await user`INSERT INTO attio.people (job_title) VALUES ('Made once')`;
  // Not the one that was just inserted, whose provisional id may be the last.
  await user`DELETE FROM attio.people WHERE record_id = (
    SELECT record_id FROM attio.people WHERE job_title IS DISTINCT FROM 'Made once' ORDER BY record_id DESC LIMIT 1)`;
  await user.end();
  const copy = await copyTestDatabase(original);
  onTestFinished(() => copy.drop());
  return { original: original.url, copy: copy.url };
}

function writes(sandbox: Sandbox): number {
  return sandbox.log.filter({ kind: "write" }).filter(({ path }) => !path.includes("webhooks")).length;
}

async function statuses({ db }: Home): Promise<string[]> {
  const rows = await db.sql<{ status: string }[]>`SELECT status FROM attio.changes ORDER BY id`;
  return rows.map(({ status }) => status);
}

/** Starts a daemon, waits until all changes are pushed, and ends it. */
async function pushAll(home: Home): Promise<void> {
  const daemon = home.start({ env: OUTBOUND });
  await ready(home.origin);
  await eventually(
    () => statuses(home),
    (all) => all.every((status) => status === "pushed"),
  );
  await daemon.end();
}

test("wrong world: a copied database pushes nothing until it is adopted, and then only what is retried, none of it twice", async () => {
  const sandbox = await startSandbox({ seed: { people: 12, companies: 6, deals: 4, seed: 7 } });
  onTestFinished(() => sandbox.close());
  const urls = await copyWithChanges(sandbox);
  const [original, copy] = [
    await makeHome(sandbox, { databaseUrl: urls.original }),
    await makeHome(sandbox, { databaseUrl: urls.copy }),
  ];
  onTestFinished(() => original.close());
  onTestFinished(() => copy.close());

  const first = copy.start({ env: OUTBOUND });
  await ready(copy.origin);
  await delay(2_500);
  expect(first.log()).toMatch(/not pushed.*attio-mirror adopt/);
  await first.end();
  expect([await statuses(copy), writes(sandbox)]).toEqual([["pending", "pending", "pending"], 0]);

  await pushAll(original);
  const made = () => sandbox.store.records("people").length;
  const after = made();
  expect(after).toBe(12);

  const env = { ATTIO_API_KEY: sandbox.token, ATTIO_BASE_URL: sandbox.url, DATABASE_URL: urls.copy };
  const adopted = await runCli(["adopt"], env);
  expect(adopted).toMatchObject({
    exitCode: 0,
    out: expect.stringContaining("Parked 3 local changes") as string,
  });
  const second = copy.start({ env: OUTBOUND });
  await ready(copy.origin);
  await delay(2_500);
  await second.end();
  expect(second.log()).not.toContain("attio-mirror adopt");
  expect(await statuses(copy)).toEqual(["failed", "failed", "failed"]);

  expect((await runCli(["changes", "retry"], env)).exitCode).toBe(0);
  await pushAll(copy);
  expect(made()).toBe(after);
  const streams = ["people", "deals"];
  expect((await runCli(["backfill", ...streams], { ...env, ...OUTBOUND, LOG_LEVEL: "error" })).exitCode).toBe(
    0,
  );
  expect(await findDifferences(sandbox, copy.db.sql, { sources: streams, resources: [] })).toEqual([]);
}, 180_000);
