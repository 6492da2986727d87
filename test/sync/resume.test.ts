import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, beforeAll, expect, test } from "vitest";
import type { Sql } from "../../src/db/index.ts";
import { LeaseLostError } from "../../src/db/queries/runs.ts";
import type { Misbehaviour } from "../../src/sandbox/index.ts";
import { startMirror, type Mirror } from "../support/mirror.ts";
import { findDifferences } from "../support/oracle.ts";
import { program } from "../support/program.ts";
import { addThings, eventually, type Things } from "../support/things.ts";

const MAX_PAGE = { records: 100, notes: 10, tasks: 10, meetings: 10 };
const BEGAN_MS = Date.parse("2024-01-01T00:00:00Z");

let mirror: Mirror;
let sql: Sql;
let undo = () => {};

beforeAll(async () => {
  mirror = await startMirror({ life: "file", sandbox: { seed: "empty", maxPage: MAX_PAGE } });
  ({ sql } = mirror.db);
});

afterEach(() => {
  undo();
  mirror.sandbox.faults.clear();
});

/** Calls back before the given answer, counted from 1, to requests of this path. */
function atRequest(path: RegExp, number: number, work: () => Promise<void> | void): void {
  let requests = 0;
  undo = mirror.sandbox.onRequest(async (request) => {
    if (path.test(request.path) && ++requests === number) await work();
  });
}

function manyThings(count: number): Things {
  const things = addThings(mirror);
  for (let index = 0; index < count; index++) {
    const createdAt = BEGAN_MS + index * 1000;
    mirror.sandbox.store.createRecord(things.slug, { name: `thing ${index}` }, { createdAt });
  }
  return things;
}

function queriesOf({ slug }: Things): RegExp {
  return new RegExp(`/${mirror.sandbox.store.object(slug).id}/records/query$`);
}

async function runIds(stream: string): Promise<number[]> {
  const rows = await sql<
    { id: number }[]
  >`SELECT id FROM attio_sync.runs WHERE stream = ${stream} ORDER BY id`;
  return rows.map((row) => row.id);
}

function differences(sources: string[], resources: string[] = []): Promise<string[]> {
  return findDifferences(mirror.sandbox, sql, { sources, resources });
}

/** Aborts a backfill at a request, lets a second one end it, and counts what each asked for. */
async function abortAndResume(stream: string, path: RegExp, at: number) {
  const stop = new AbortController();
  const { log } = mirror.sandbox;
  log.clear();
  atRequest(path, at, () => stop.abort(new Error("stopped")));
  await expect(mirror.backfill({ streams: [stream], signal: stop.signal })).rejects.toThrow("stopped");
  undo();
  const before = log.count({ path });
  log.clear();
  const [result] = await mirror.backfill({ streams: [stream] });
  return { before, after: log.count({ path }), result };
}

test("a crawl of comments goes on behind the parents that it has asked about", async () => {
  const things = manyThings(290);
  for (const on of mirror.sandbox.store.records(things.slug)) {
    mirror.sandbox.store.createComment({ on, content: "a word" });
  }
  await things.backfill();
  const { before, after, result } = await abortAndResume("comments", /\/v2\/threads$/, 400);
  expect(before).toBeGreaterThanOrEqual(400);
  // Two for each parent behind the first batch of 120: the thread, and the empty page that ends the listing.
  expect(after).toBe(340);
  expect(result).toMatchObject({ state: "ok", rows: 290, written: 290 });
  expect(await differences([things.slug], ["comments", "threads"])).toEqual([]);
});

test("a backfill aborted among its windows goes on there, without reading them again", async () => {
  const things = manyThings(1000);
  const { before, after, result } = await abortAndResume(things.slug, queriesOf(things), 7);
  expect(before).toBeGreaterThanOrEqual(7);
  expect(after).toBeLessThan(10);
  expect(result).toMatchObject({ state: "ok", rows: 1000, written: 1000, unchanged: 0, deleted: 0 });
  expect(await runIds(things.slug)).toHaveLength(1);
  expect(await differences([things.slug])).toEqual([]);
});

test("resumed scan: pages that it skips, since they were read before, are not taken for deletions", async () => {
  const things = manyThings(1000);
  await things.backfill();
  things.remove(mirror.sandbox.store.records(things.slug).at(-1)?.id ?? "");
  const { after, result } = await abortAndResume(things.slug, queriesOf(things), 7);
  // The look-up of the missing one is among them.
  expect(after).toBeLessThanOrEqual(10);
  expect(result).toMatchObject({ state: "ok", deleted: 1 });
  expect(await differences([things.slug])).toEqual([]);
});

test.each(["notes", "tasks", "meetings"] as const)(
  "a listing of %s goes on at its last page",
  async (kind) => {
    const { store } = mirror.sandbox;
    const record = addThings(mirror).create({ name: "subject" });
    const end = { datetime: "2024-01-01T01:00:00.000000000Z", timezone: null };
    for (let index = 0; index < 100; index++) {
      if (kind === "notes") store.createNote({ record, title: `${index}`, content: "text" });
      if (kind === "tasks") store.createTask({ content: `${index}` });
      if (kind === "meetings") store.createMeeting({ title: `${index}`, start: end, end });
    }
    const { before, after, result } = await abortAndResume(kind, new RegExp(`/v2/${kind}$`), 9);
    expect(before).toBe(9);
    expect(result).toMatchObject({ state: "ok", rows: 100, written: 100 });
    expect(after).toBeLessThanOrEqual(kind === "meetings" ? 2 : 14);
    expect(await differences([], [kind])).toEqual([]);
  },
);

test("a backfill whose process was killed goes on at once, in fewer requests, and ends equal", async () => {
  const things = manyThings(1000);
  const { sandbox, db } = mirror;
  const argv = [program("test/fixtures/backfill-process"), db.url, sandbox.url, sandbox.token, things.slug];
  const child = spawn(process.execPath, argv, { stdio: "inherit" });
  const ended = once(child, "exit");
  sandbox.log.clear();
  atRequest(queriesOf(things), 7, async () => {
    child.kill("SIGKILL");
    await ended;
  });
  expect(await ended).toEqual([null, "SIGKILL"]);
  undo();
  expect(sandbox.log.count({ path: queriesOf(things) })).toBeGreaterThanOrEqual(7);

  sandbox.log.clear();
  expect(await things.backfill()).toMatchObject({ state: "ok", rows: 1000, written: 1000 });
  expect(sandbox.log.count({ path: queriesOf(things) })).toBeLessThan(10);
  expect(await runIds(things.slug)).toHaveLength(1);
  expect(await differences([things.slug])).toEqual([]);
}, 60_000);

test("a process that lost its run to another writes nothing more of it", async () => {
  const things = manyThings(500);
  let isHeld = false;
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  atRequest(queriesOf(things), 4, async () => {
    isHeld = true;
    await held;
  });
  const frozen = things.backfill().catch((error: unknown) => error);
  await eventually(() => isHeld);
  await sql`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'attio-mirror lease'`;
  const other = await mirror.another();
  const [result] = await other.backfill({ streams: [things.slug] });
  expect(result).toMatchObject({ state: "ok", rows: 500 });
  const [before] =
    await sql`SELECT * FROM attio_sync.run_parts WHERE run_id = ${(await runIds(things.slug))[0] ?? 0}`;
  release();
  expect(await frozen).toBeInstanceOf(LeaseLostError);
  const [after] =
    await sql`SELECT * FROM attio_sync.run_parts WHERE run_id = ${(await runIds(things.slug))[0] ?? 0}`;
  expect(after).toEqual(before);
  expect(await differences([things.slug])).toEqual([]);
});

test("a run that stopped more than a day ago is not gone on with, but begun anew", async () => {
  const things = manyThings(300);
  const stop = new AbortController();
  atRequest(queriesOf(things), 3, () => stop.abort(new Error("stopped")));
  await expect(things.backfill({ signal: stop.signal })).rejects.toThrow("stopped");
  undo();
  await sql`UPDATE attio_sync.runs SET started_at = now() - interval '25 hours' WHERE stream = ${things.slug}`;
  expect(await things.backfill()).toMatchObject({ state: "ok", rows: 300 });
  expect(await runIds(things.slug)).toHaveLength(2);
});

const PASSING: Misbehaviour[] = [
  { kind: "cut" },
  { kind: "refuse" },
  { kind: "lost" },
  { kind: "truncate" },
  { kind: "html", status: 502 },
  { kind: "status", status: 500 },
  { kind: "status", status: 429, headers: { "retry-after": "Thu, 01 Jan 1970 00:00:00 GMT" } },
];

test("answers cut, lost or refused are asked for again, and the run ends equal", async () => {
  const things = manyThings(1000);
  const { faults } = mirror.sandbox;
  for (const [index, fault] of PASSING.entries()) {
    faults.add({ ...fault, path: queriesOf(things), after: index, times: 1 });
  }
  expect(await things.backfill()).toMatchObject({ state: "ok", rows: 1000, written: 1000, unchanged: 0 });
  expect(await differences([things.slug])).toEqual([]);
});

test("a connection that stays cut fails its stream alone; the next run goes on there", async () => {
  const [things, others] = [manyThings(800), manyThings(10)];
  const { faults, log } = mirror.sandbox;
  faults.add({ kind: "cut", path: queriesOf(things), after: 4 });
  const streams = [things.slug, others.slug];
  const [failed, fine] = await mirror.backfill({ streams });
  expect(failed).toMatchObject({ stream: things.slug, state: "failed", deleted: 0 });
  expect(failed?.rows).toBeGreaterThan(0);
  expect(failed?.reason).not.toBeNull();
  expect(fine).toMatchObject({ stream: others.slug, state: "ok", rows: 10 });

  faults.clear();
  log.clear();
  expect(await things.backfill()).toMatchObject({ state: "ok", rows: 800, reason: null });
  expect(log.count({ path: queriesOf(things) })).toBeLessThan(10);
  expect(await differences([things.slug])).toEqual([]);
});
