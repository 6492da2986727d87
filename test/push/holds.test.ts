import { beforeAll, expect, it } from "vitest";
import { deliverEvents, drain } from "../support/live.ts";
import { findDifferences } from "../support/oracle.ts";
import { dirtyIds, someoneWaits } from "../support/things.ts";
import { pushAll, SHORT_PATIENCE, startPusher, startWriting, type Writing } from "../support/writing.ts";

let writing: Writing;
let settled: () => Promise<void>;

beforeAll(async () => {
  writing = await startWriting({ mirror: { life: "file" } });
  ({ settled } = deliverEvents(writing.mirror));
});

async function somebody(): Promise<string> {
  const { id } = writing.mirror.sandbox.store.createRecord("people", { job_title: "theirs" });
  await settled();
  await drain(writing.mirror);
  return id;
}

async function rowsOf(id: string): Promise<unknown[]> {
  return [...(await writing.user`SELECT job_title, description FROM attio.people WHERE record_id = ${id}`)];
}

async function expectEqual(): Promise<void> {
  const { mirror } = writing;
  await settled();
  await drain(mirror);
  expect(await findDifferences(mirror.sandbox, mirror.db.sql, { resources: [] })).toEqual([]);
}

it("mask read too early: what was changed here while a page waited for its locks is not overwritten", async () => {
  const { mirror, user, push } = writing;
  const id = await somebody();
  mirror.sandbox.store.updateRecord("people", id, { description: "also theirs" });
  let page: Promise<unknown> | undefined;
  await user.begin(async (tx) => {
    // Readers pass this lock, those who lock rows do not: the page waits where it locks its rows.
    await tx`LOCK TABLE attio.people IN EXCLUSIVE MODE`;
    await tx`UPDATE attio.people SET job_title = 'ours' WHERE record_id = ${id}`;
    page = mirror.backfill({ streams: ["people"] });
    await someoneWaits(mirror.db.sql);
  });
  await page;
  expect(await rowsOf(id)).toEqual([{ job_title: "ours", description: "also theirs" }]);
  await push();
  await expectEqual();
});

it("deleted row resurrected: by no page and no webhook while its deletion waits to be pushed", async () => {
  const { mirror, user, push } = writing;
  const id = await somebody();
  await user`DELETE FROM attio.people WHERE record_id = ${id}`;
  mirror.sandbox.store.updateRecord("people", id, { description: "changed meanwhile" });
  await mirror.backfill({ streams: ["people"] });
  expect(await rowsOf(id)).toEqual([]);
  await settled();
  await drain(mirror);
  expect(await rowsOf(id)).toEqual([]);
  await push();
  await expectEqual();
});

it("deleted row resurrected: not by a webhook whose look was answered before the deletion", async () => {
  const { mirror } = writing;
  const { sandbox } = mirror;
  const id = await somebody();
  const isGone = new Promise<void>((resolve, reject) => {
    const stop = sandbox.onAnswer(async ({ path }) => {
      if (!path.endsWith("/records/query")) return;
      stop();
      sandbox.store.deleteRecord("people", id);
      await settled();
      // It takes so long that another process claims the mark.
      await mirror.db.sql`UPDATE attio_sync.dirty SET claimed_until = NULL`;
      await drain(mirror).then(resolve, reject);
    });
  });
  sandbox.store.updateRecord("people", id, { description: "the last of it" });
  await settled();
  await drain(mirror);
  await isGone;
  expect(await rowsOf(id)).toEqual([]);
  await expectEqual();
});

it("deleted row resurrected: not by a push that was answered before the deletion", async () => {
  const { mirror, user, push } = writing;
  const { sandbox } = mirror;
  const id = await somebody();
  await user`UPDATE attio.people SET job_title = 'ours' WHERE record_id = ${id}`;
  const isGone = new Promise<void>((resolve, reject) => {
    const stop = sandbox.onAnswer(async ({ method }) => {
      if (method !== "PATCH" && method !== "PUT") return;
      stop();
      sandbox.store.deleteRecord("people", id);
      await settled();
      await drain(mirror).then(resolve, reject);
    });
  });
  await push();
  await isGone;
  await expectEqual();
  expect(await rowsOf(id)).toEqual([]);
});

it("own actor: what a push connects and disconnects is looked at without an event", async () => {
  const { mirror, user, push } = writing;
  const { store } = mirror.sandbox;
  const [before, after] = ["Before", "After"].map((name) => store.createRecord("companies", { name }).id);
  const { id } = store.createRecord("people", {
    company: [{ target_object: "companies", target_record_id: before ?? "" }],
  });
  await settled();
  await drain(mirror);
  await user`UPDATE attio.people SET company = ${after ?? ""} WHERE record_id = ${id}`;
  await push();
  const marked = await dirtyIds(mirror.db.sql, "companies");
  expect(marked).toEqual([before, after].toSorted());
  await expectEqual();
});

it("late effect: a row that took two requests rests, lest the first of them undo its next change", async () => {
  const { mirror, user } = writing;
  const { sandbox } = mirror;
  const id = await somebody();
  const lateMs = 3_000;
  const pusher = startPusher(mirror, {
    patience: { ...SHORT_PATIENCE, timeoutMs: 500, graceMs: lateMs + 500 },
    mirror: { life: "file" },
  });
  await user`UPDATE attio.people SET job_title = 'first' WHERE record_id = ${id}`;
  sandbox.faults.add({ kind: "late-effect", ms: lateMs, method: "PATCH", times: 1 });
  const beganMs = Date.now();
  await pushAll(mirror, pusher);
  expect(Date.now() - beganMs).toBeLessThan(lateMs);
  await user`UPDATE attio.people SET job_title = 'second' WHERE record_id = ${id}`;
  await pushAll(mirror, pusher);
  await expect.poll(() => Date.now() - beganMs, { timeout: 10_000 }).toBeGreaterThan(lateMs + 100);
  await expectEqual();
  expect(await rowsOf(id)).toEqual([{ job_title: "second", description: null }]);
});

it("INSERT of what exists: nothing in Attio is overwritten unseen", async () => {
  const { mirror, user } = writing;
  const { sandbox } = mirror;
  const { id } = sandbox.store.createRecord("companies", { name: "Theirs", domains: ["exists-there.com"] });
  await user`INSERT INTO attio.companies (name, domains) VALUES ('Ours', ARRAY['exists-there.com', 'ours-too.com'])`;
  await pushAll(mirror, startPusher(mirror, { policy: "attio", mirror: { life: "file" } }));
  await expectEqual();
  const [row] = await user<{ name: string; domains: string[] }[]>`
    SELECT name, domains FROM attio.companies WHERE record_id = ${id}`;
  expect({ ...row, domains: row?.domains.toSorted() }).toEqual({
    name: "Theirs",
    domains: ["exists-there.com", "ours-too.com"],
  });
  const conflicts = await mirror.db.sql`
    SELECT attribute, winner, local, remote FROM attio_sync.conflicts WHERE record_id = ${id}`;
  expect([...conflicts]).toEqual([
    { attribute: "name", winner: "attio", local: { name: "Ours" }, remote: { name: "Theirs" } },
  ]);
});
