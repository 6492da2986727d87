import { afterEach, beforeEach, expect, test } from "vitest";
import { ALL_SCOPES, startSandbox, type Sandbox } from "../../src/sandbox/index.ts";
import { eventually, makeHome, mirrored, ready, type Home, type TestDaemon } from "../support/daemon.ts";

let sandbox: Sandbox;
let home: Home;

beforeEach(async () => {
  sandbox = await startSandbox({ seed: { people: 20, companies: 10, deals: 10, seed: 4 } });
  home = await makeHome(sandbox);
});
afterEach(async () => {
  await home.close();
  await sandbox.close();
});

/** What a daemon that ends by itself says on its way. */
async function endsWith(env: Record<string, string>): Promise<{ code: number | null; log: string }> {
  const daemon = home.start({ env });
  const code = await daemon.exited;
  return { code, log: daemon.log() };
}

async function says(daemon: TestDaemon, text: string): Promise<void> {
  await eventually(
    () => Promise.resolve(daemon.log()),
    (log) => log.includes(text),
  );
}

test("a token that Attio does not know ends the start with exit code 2, and is not printed", async () => {
  const { code, log } = await endsWith({ ATTIO_API_KEY: "not-the-token" });
  expect(code).toBe(2);
  expect(log).toMatch(/^attio-mirror: ATTIO_API_KEY [^\n]+\n$/);
  expect(log).not.toContain("not-the-token");
});

test("an EXTERNAL_ID that is no unique text attribute ends the start with exit code 2", async () => {
  const { code, log } = await endsWith({ OUTBOUND: "*", EXTERNAL_ID: "people:job_title" });
  expect(code).toBe(2);
  expect(log).toContain("EXTERNAL_ID names people:job_title");
});

test("another workspace's token ends the start with exit code 2 before anything is read", async () => {
  const first = home.start();
  await ready(home.origin);
  await mirrored(home.db);
  await first.end();
  const other = await startSandbox({ seed: { people: 5, companies: 5, deals: 5, seed: 5 } });
  try {
    const { code, log } = await endsWith({ ATTIO_API_KEY: other.token, ATTIO_BASE_URL: other.url });
    expect(code).toBe(2);
    expect(log).toContain("use that workspace's token, or a database of its own");
    expect(other.log.count({ path: "/v2/objects" })).toBe(0);
  } finally {
    await other.close();
  }
});

test("a scope that the token lacks is named with what it costs, and everything else is mirrored", async () => {
  sandbox.setScopes(ALL_SCOPES.filter((scope) => !scope.startsWith("note:")));
  const daemon = home.start();
  await ready(home.origin);
  expect(daemon.log()).toMatch(/note:read.*notes/);
  await eventually(
    () => home.db.sql<{ state: string }[]>`SELECT state FROM attio_sync.streams WHERE stream = 'notes'`,
    ([notes]) => notes?.state === "forbidden",
  );
  await eventually(
    () => home.db.sql<{ rows: number }[]>`SELECT count(*) AS rows FROM attio.people`,
    ([people]) => people?.rows === 20,
  );
});

test("why a stream could not be read is in the daemon's log, in which process it may have been", async () => {
  sandbox.faults.add({ kind: "status", status: 418, path: /\/v2\/tasks$/ });
  const daemon = home.start();
  await says(daemon, "backfill failed");
  const lines = daemon.log().split("\n");
  const line = JSON.parse(lines.find((text) => text.includes("backfill failed")) ?? "{}") as unknown;
  expect(line).toMatchObject({ stream: "tasks", err: { status: 418 } });
});

test("the past stages of what was there before the mirror are read by themselves", async () => {
  home.start();
  await eventually(
    async () => {
      const [row] = await home.db.sql<{ records: number }[]>`
        SELECT count(DISTINCT record_id) AS records FROM attio.value_history
        WHERE object = 'deals' AND attribute = 'stage' AND _exact`.catch(() => [{ records: 0 }]);
      return row?.records;
    },
    (records) => records === 10,
  );
});

test("asked twice to stop, it ends at once, whatever is under way", async () => {
  const daemon = home.start();
  await ready(home.origin);
  await mirrored(home.db);
  sandbox.faults.add({ kind: "slow", ms: 60_000 });
  sandbox.colleagues({ seed: 3 }).work(5);
  await eventually(
    () => home.db.sql`SELECT 1 FROM attio_sync.dirty WHERE claimed_until > now()`,
    (claimed) => claimed.length > 0,
  );
  // Work that was claimed cannot be given back meanwhile: the daemon would wait for it.
  const holder = await home.db.sql.reserve();
  await holder`BEGIN`;
  await holder`LOCK TABLE attio_sync.dirty`;
  daemon.signal("SIGTERM");
  await says(daemon, "stopping");
  const began = performance.now();
  daemon.signal("SIGTERM");
  expect(await daemon.exited).toBe(143);
  expect(performance.now() - began).toBeLessThan(2_000);
  await holder`ROLLBACK`;
  holder.release();
});
