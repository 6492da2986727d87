import { expect, it, onTestFinished } from "vitest";
import { createAttioClient, createLocalBudget } from "../../src/attio/index.ts";
import { createSql } from "../../src/db/client.ts";
import { claimLanes } from "../../src/db/queries/outbox-claims.ts";
import { Pusher } from "../../src/sync/push/push.ts";
import { PATIENCE, type Patience } from "../../src/sync/push/push-deps.ts";
import type { Mirror } from "../support/mirror.ts";
import { SHORT_PATIENCE, startWriting } from "../support/writing.ts";

/** More than a small batch has, twice. */
const SEED = { people: 80, companies: 4, deals: 1, seed: 4 };

/** So slow that what comes amid a bulk finds most of it waiting, also on a busy machine. */
const WRITES_PER_SECOND = 8;

/** A process that pushes with a small budget. */
function pusherOf(
  mirror: Mirror,
  { perSecond = WRITES_PER_SECOND, patience = PATIENCE }: { perSecond?: number; patience?: Patience } = {},
): Pusher {
  const client = createAttioClient({
    token: mirror.sandbox.token,
    baseUrl: mirror.sandbox.url,
    budget: createLocalBudget({ readsPerSecond: 2_000, writesPerSecond: perSecond }),
  });
  onTestFinished(() => client.close());
  const claims = createSql(mirror.db.url, { connections: 1 });
  onTestFinished(() => claims.end({ timeout: 1 }));
  const ownActor = mirror.sandbox.access.id;
  const deps = {
    ...mirror.deps,
    client,
    policy: "latest",
    patience,
    externalIds: new Map<string, string>(),
    ownActor,
  } as const;
  return new Pusher(deps, claims);
}

/** The ids of the records that were written so far, in order. */
function written({ sandbox }: Mirror): string[] {
  return sandbox.log
    .filter({ kind: "write" })
    .flatMap(({ path }) => /records\/([0-9a-f-]{36})$/.exec(path)?.[1] ?? []);
}

it("an edit made amid a bulk is sent among the next few writes, also one of a row that the bulk has changed", async () => {
  const { mirror, user } = await startWriting({ seed: SEED });
  const pusher = pusherOf(mirror);
  // Far from its end however late the edits come: of the last few rows of a bulk each is as good as an edit.
  const rows = SEED.people - 5;
  await user`
    UPDATE attio.people SET job_title = 'bulk' WHERE record_id IN (SELECT record_id FROM attio.people LIMIT ${rows})`;
  const running = pusher.run();
  await expect.poll(() => written(mirror).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
  const [company] = await user<{ id: string }[]>`SELECT record_id AS id FROM attio.companies LIMIT 1`;
  const [person] = await user<{ id: string }[]>`
    SELECT record_id AS id FROM attio_sync.outbox WHERE status = 'pending' ORDER BY id DESC LIMIT 1`;
  const ids = [company?.id ?? "", person?.id ?? ""];
  await user`UPDATE attio.companies SET description = 'edit' WHERE record_id = ${company?.id ?? ""}`;
  await user`UPDATE attio.people SET description = 'edit' WHERE record_id = ${person?.id ?? ""}`;
  const before = written(mirror).length;
  pusher.wake();
  await running;
  const places = ids.map((id) => written(mirror).indexOf(id) - before);
  expect(written(mirror)).toHaveLength(rows + 1);
  // On a busy machine a claim and a look at the record may take as long as two dozen writes; behind the bulk they would be the last ones.
  expect(Math.max(...places)).toBeLessThan(30);
});

it.each([1, 2])("two bulks share the budget: %i processes", async (processes) => {
  const { mirror, user } = await startWriting({ seed: SEED });
  const halves = await user<{ half: number; ids: string[] }[]>`
    SELECT half, array_agg(id) AS ids FROM (
      SELECT record_id AS id, (row_number() OVER (ORDER BY record_id) % 2)::int AS half FROM attio.people) p GROUP BY half`;
  for (const { ids } of halves)
    await user`UPDATE attio.people SET job_title = 'bulk' WHERE record_id = ANY(${ids}::uuid[])`;
  const pushers = Array.from({ length: processes }, () => pusherOf(mirror, { perSecond: 100 }));
  await Promise.all(pushers.map((pusher) => pusher.run()));
  const all = written(mirror);
  expect(all).toHaveLength(SEED.people);
  const first = new Set(halves[0]?.ids);
  const early = all.slice(0, 40).filter((id) => first.has(id)).length;
  expect(early).toBeGreaterThanOrEqual(12);
  expect(early).toBeLessThanOrEqual(28);
});

it("edits of one row, each made when the one before has arrived, are pushed at once", async () => {
  const { mirror, user } = await startWriting();
  const pusher = pusherOf(mirror, { perSecond: 1_000 });
  const [person] = await user<{ id: string }[]>`SELECT record_id AS id FROM attio.people LIMIT 1`;
  const id = person?.id ?? "";
  for (let edit = 1; edit <= 10; edit++) {
    await user`UPDATE attio.people SET job_title = ${`edit ${edit}`} WHERE record_id = ${id}`;
    await pusher.run();
    expect(written(mirror)).toHaveLength(edit);
  }
});

it("whoever pushes is told when a row that rests is due, and pushes it then", async () => {
  const { mirror, user } = await startWriting();
  const patience = { ...SHORT_PATIENCE, timeoutMs: 500, graceMs: 3_000 };
  const pusher = pusherOf(mirror, { perSecond: 1_000, patience });
  const [person] = await user<{ id: string }[]>`SELECT record_id AS id FROM attio.people LIMIT 1`;
  const id = person?.id ?? "";
  mirror.sandbox.faults.add({ kind: "late-effect", ms: 2_000, method: "PATCH", times: 1 });
  await user`UPDATE attio.people SET job_title = 'first' WHERE record_id = ${id}`;
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const retry = await pusher.run();
  expect(retry.dueInMs).toBeGreaterThan(0);
  await wait((retry.dueInMs ?? 0) + 5);
  expect(await pusher.run()).toMatchObject({ lanes: 1, dueInMs: null });
  await user`UPDATE attio.people SET job_title = 'second' WHERE record_id = ${id}`;
  const rest = await pusher.run();
  expect(rest.lanes).toBe(0);
  expect(rest.dueInMs).toBeGreaterThan(0);
  expect(rest.dueInMs).toBeLessThanOrEqual(patience.graceMs);
  await wait((rest.dueInMs ?? 0) + 5);
  expect(await pusher.run()).toMatchObject({ lanes: 1, dueInMs: null });
});

it("while the writes of a stream are paused nothing of it is taken; when the pause is over, one row", async () => {
  const { mirror, user } = await startWriting();
  const { sql } = mirror.db;
  const claims = createSql(mirror.db.url, { connections: 1 });
  onTestFinished(() => claims.end({ timeout: 1 }));
  await user`UPDATE attio.people SET job_title = 'paused'`;
  await user`UPDATE attio.companies SET description = 'goes'`;
  const claim = async () => {
    const { lanes } = await claimLanes(claims, { small: 16, bulk: 16 }, { graceMs: 1_000, after: 0 });
    return lanes.map(({ lane }) => lane.stream);
  };
  await sql`UPDATE attio_sync.streams SET writes_paused_until = now() + interval '1 hour' WHERE stream = 'people'`;
  expect(new Set(await claim())).toEqual(new Set(["companies"]));
  await sql`UPDATE attio_sync.streams SET writes_paused_until = now() - interval '1 second' WHERE stream = 'people'`;
  expect(await claim()).toEqual(["people"]);
  expect(await claim()).toEqual([]);
  await sql`UPDATE attio_sync.streams SET writes_paused_until = NULL WHERE stream = 'people'`;
  expect(await claim()).toHaveLength(16);
});
