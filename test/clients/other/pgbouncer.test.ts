import postgres from "postgres";
import { beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase } from "../../support/database.ts";
import { startMirror, undoAfter, type Mirror } from "../../support/mirror.ts";
import { findDifferences } from "../../support/oracle.ts";
import { pushAll, startPusher, type TestPusher } from "../../support/writing.ts";
import { canStartPgBouncer, startPgBouncer, type PgBouncer } from "./pgbouncer.ts";

const isThere = canStartPgBouncer();

it.runIf(process.env["REQUIRE_CLIENTS"] === "1")("PgBouncer is there for the tests that need it", () => {
  expect(isThere).toBe(true);
});

describe.skipIf(!isThere)("PgBouncer in transaction mode (needs pgbouncer)", () => {
  let pooler: PgBouncer;
  let mirror: Mirror;
  let pusher: TestPusher;

  beforeAll(async () => {
    const database = await createTestDatabase();
    pooler = await startPgBouncer(database.url);
    mirror = await startMirror({
      sandbox: { seed: { people: 10, companies: 6, deals: 4, seed: 4 } },
      outbound: "*",
      life: "file",
      database: {
        url: database.url,
        drop: async () => {
          await pooler.stop();
          await database.drop();
        },
      },
    });
    await mirror.syncSchema();
    await mirror.backfill({ streams: ["people", "companies", "deals", "members"] });
    pusher = startPusher(mirror, { mirror: { life: "file" } });
  });

  /** A user of the pooler. */
  function connect(url: string): postgres.Sql {
    const user = postgres(url, { max: 1, prepare: false, onnotice: () => undefined });
    undoAfter("test", () => user.end({ timeout: 1 }));
    return user;
  }

  async function changesOf(user: postgres.Sql, ids: readonly string[]): Promise<string[][]> {
    const rows = await user<{ record_id: string; status: string }[]>`
      SELECT record_id, status FROM attio.changes WHERE record_id = ANY(${ids}) ORDER BY id`;
    return rows.map(({ record_id, status }) => [record_id, status]);
  }

  it("what users write through it is captured and pushed, while the daemon pushes and backfills", async () => {
    const user = connect(pooler.url);
    const people = await user<{ id: string }[]>`SELECT record_id AS id FROM attio.people ORDER BY 1`;
    const ids = people.map(({ id }) => id);
    for (const round of ["one", "two"]) {
      await Promise.all([
        pushAll(mirror, pusher),
        ...ids.map(
          (id) => user`UPDATE attio.people SET job_title = ${`${round} ${id}`} WHERE record_id = ${id}`,
        ),
        mirror.backfill({ streams: ["people", "companies"] }),
      ]);
    }
    await user`INSERT INTO attio.companies (name, domains) VALUES ('Pooled', ARRAY['pooled-company.com'])`;
    await pushAll(mirror, pusher);
    const changes = await user<{ operation: string; status: string; count: number }[]>`
      SELECT operation, status, count(*)::int AS count FROM attio.changes GROUP BY 1, 2 ORDER BY 1`;
    expect([...changes]).toEqual([
      { operation: "insert", status: "pushed", count: 1 },
      { operation: "update", status: "pushed", count: ids.length * 2 },
    ]);
    const sources = ["people", "companies", "deals"];
    expect(await findDifferences(mirror.sandbox, mirror.db.sql, { sources, resources: [] })).toEqual([]);
  });

  it("capture sees what is written on a connection on which somebody else left the daemon's mark", async () => {
    const [leaking, user] = [connect(pooler.oneConnectionUrl), connect(pooler.oneConnectionUrl)];
    const [deal] = await user<{ id: string }[]>`SELECT record_id AS id FROM attio.deals LIMIT 1`;
    const id = deal?.id ?? "";
    await leaking`SET attio_mirror.writer = 'daemon'`;
    // Of a transaction that is the daemon's, and of a session that copies what it sees there.
    const [other] = await leaking.begin(
      (tx) => tx<{ pid: number }[]>`
        SELECT pg_backend_pid() AS pid, set_config('attio_mirror.sync_transaction', pg_current_xact_id()::text, false)`,
    );
    const [mine] = await user<{ pid: number; mark: string }[]>`
      SELECT pg_backend_pid() AS pid, current_setting('attio_mirror.writer') AS mark`;
    expect(mine).toEqual({ pid: other?.pid, mark: "daemon" });
    await user`UPDATE attio.deals SET name = 'Seen' WHERE record_id = ${id}`;
    expect(await changesOf(user, [id])).toEqual([[id, "pending"]]);
    await pushAll(mirror, pusher);
    expect(await changesOf(user, [id])).toEqual([[id, "pushed"]]);
  });
});
