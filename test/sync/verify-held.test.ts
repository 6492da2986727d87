import type postgres from "postgres";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { createSql, type Sql } from "../../src/db/index.ts";
import { Pusher } from "../../src/sync/push/push.ts";
import { PATIENCE } from "../../src/sync/push/push-deps.ts";
import { drain } from "../support/live.ts";
import type { Mirror } from "../support/mirror.ts";
import { findingsOf, noFindings, verifyOne } from "../support/verify.ts";
import { startWriting, type WritingOptions } from "../support/writing.ts";
import { past } from "../support/as-daemon.ts";

const SEED = { people: 12, companies: 4, deals: 3, seed: 5 };

let mirror: Mirror;
/** The daemon's own connections: what they write is not captured, as if the mirror had gone wrong. */
let sql: Sql;
/** A user's own connection: what it writes is captured, and nobody pushes it. */
let user: postgres.Sql;

async function start(options: WritingOptions["mirror"] = {}): Promise<void> {
  ({ mirror, user } = await startWriting({ seed: SEED, mirror: options }));
  ({ sql } = mirror.db);
}

beforeEach(() => start());

async function somePeople(count: number): Promise<string[]> {
  const rows = await user<{ id: string }[]>`
    SELECT record_id AS id FROM attio.people ORDER BY record_id LIMIT ${count}`;
  return rows.map(({ id }) => id);
}

async function setStatus(status: string, code: string | null = null): Promise<void> {
  await sql`UPDATE attio_sync.outbox SET status = ${status}, error_code = ${code}`;
}

test.each(["pending", "pushing", "failed", "conflict"])(
  "a value whose change is %s is held, and drift in another column of its row is still found and repaired",
  async (status) => {
    const [id = ""] = await somePeople(1);
    await user`UPDATE attio.people SET job_title = 'Mine' WHERE record_id = ${id}`;
    await setStatus(status);
    const held = { held: 1, heldExamples: [{ id, kind: "update", columns: ["job_title"] }] };
    expect(await verifyOne(mirror, "people")).toMatchObject({
      ...noFindings("people"),
      ...held,
      examples: [],
    });

    await past(sql)`UPDATE attio.people SET description = 'drifted' WHERE record_id = ${id}`;
    const examples = [{ id, kind: "different", columns: ["description"] }];
    const found = { ...noFindings("people"), different: 1, ...held, examples };
    expect(await verifyOne(mirror, "people", { repair: true })).toMatchObject({ ...found, repaired: 1 });
    expect(await verifyOne(mirror, "people")).toMatchObject({ ...noFindings("people"), ...held });
    const [row] = await user`SELECT job_title, description FROM attio.people WHERE record_id = ${id}`;
    expect(row?.["job_title"]).toBe("Mine");
    expect(row?.["description"]).not.toBe("drifted");
  },
);

test("once a change is pushed or given up, what differs is drift", async () => {
  const [id = ""] = await somePeople(1);
  await user`UPDATE attio.people SET job_title = 'Mine' WHERE record_id = ${id}`;
  for (const status of ["pushed", "discarded"]) {
    await setStatus(status);
    const found = { ...noFindings("people"), different: 1 };
    expect(findingsOf(await verifyOne(mirror, "people"))).toEqual(found);
  }
});

test("one part of a name that was written here is held with its whole attribute, and nothing else is", async () => {
  const [id = ""] = await somePeople(1);
  await user`UPDATE attio.people SET name_first = 'Mine' WHERE record_id = ${id}`;
  await past(sql)`UPDATE attio.people SET name = 'Mine altogether' WHERE record_id = ${id}`;
  expect(await verifyOne(mirror, "people")).toMatchObject({
    ...noFindings("people"),
    held: 1,
    heldExamples: [{ id, kind: "update", columns: ["name", "name_first"] }],
  });
});

test.each(["pending", "failed", "conflict"])(
  "a row that was inserted here and whose insert is %s is held, costs no request and survives a repair",
  async (status) => {
    const before = await verifyOne(mirror, "people");
    const rows = await user<{ id: string }[]>`
      INSERT INTO attio.people (job_title) VALUES ('Fresh') RETURNING record_id AS id`;
    await setStatus(status);
    const result = await verifyOne(mirror, "people", { repair: true });
    expect(findingsOf(result)).toEqual({ ...noFindings("people"), held: 1 });
    expect(result.heldExamples).toEqual([{ id: rows[0]?.id, kind: "insert", columns: [] }]);
    expect(result.requests).toBe(before.requests);
    await drain(mirror);
    expect(await user`SELECT FROM attio.people WHERE job_title = 'Fresh'`).toHaveLength(1);
  },
);

test.each([
  ["hard", "pending", null],
  ["soft", "pending", null],
  ["hard", "failed", "too_many_deletes"],
] as const)(
  "a row that was deleted here (%s) and whose delete is %s (%s) is held and stays away",
  async (mode, status, code) => {
    await start({ deleteMode: mode });
    const [id = ""] = await somePeople(1);
    await user`DELETE FROM attio.people WHERE record_id = ${id}`;
    await setStatus(status, code);
    const result = await verifyOne(mirror, "people", { repair: true });
    expect(findingsOf(result)).toEqual({ ...noFindings("people"), held: 1 });
    expect(result.heldExamples).toEqual([{ id, kind: "delete", columns: [] }]);
    await drain(mirror);
    expect(await user`SELECT FROM attio.people WHERE record_id = ${id} AND _deleted_at IS NULL`).toHaveLength(
      0,
    );
  },
);

test("a row whose delete was refused by Attio is missing, and comes back", async () => {
  const [id = ""] = await somePeople(1);
  await user`DELETE FROM attio.people WHERE record_id = ${id}`;
  await setStatus("failed", "forbidden");
  const result = await verifyOne(mirror, "people", { repair: true });
  expect(findingsOf(result)).toEqual({ ...noFindings("people"), missing: 1 });
  expect(result.repaired).toBe(1);
});

test("a row that Attio deleted is extra, whatever was written here", async () => {
  const [id = ""] = await somePeople(1);
  await user`UPDATE attio.people SET job_title = 'Mine' WHERE record_id = ${id}`;
  mirror.sandbox.store.deleteRecord("people", id);
  expect(findingsOf(await verifyOne(mirror, "people"))).toEqual({ ...noFindings("people"), extra: 1 });
});

test("while rows are written here and pushed all the time, none is called drift", async () => {
  const claims = createSql(mirror.db.url, { connections: 1 });
  onTestFinished(() => claims.end({ timeout: 1 }));
  const pusher = new Pusher(
    {
      ...mirror.deps,
      policy: "local",
      ownActor: null,
      patience: PATIENCE,
      externalIds: new Map<string, string>(),
    },
    claims,
  );
  let goesOn = true;
  const write = async () => {
    for (let round = 0; goesOn; round++)
      await user`UPDATE attio.people SET job_title = ${`Round ${String(round)}`}`;
  };
  const push = async () => {
    while (goesOn) {
      await pusher.run();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const work = Promise.all([write(), push()]);
  for (let round = 0; round < 3; round++)
    expect(await verifyOne(mirror, "people")).toMatchObject({ different: 0, missing: 0, extra: 0 });
  goesOn = false;
  await work;
});
