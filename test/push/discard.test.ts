import { expect, it } from "vitest";
import { discardChanges } from "../../src/sync/push/resolve-changes.ts";
import { past } from "../support/as-daemon.ts";
import { drain } from "../support/live.ts";
import { findDifferences } from "../support/oracle.ts";
import { startWriting } from "../support/writing.ts";

it("many changes are given up together: inserted rows go, Attio's values and deleted rows come back, what is under way is left alone", async () => {
  const { mirror, user } = await startWriting();
  const { sql } = mirror.db;
  await user`INSERT INTO attio.companies (name) SELECT 'New ' || n FROM generate_series(1, 600) AS n`;
  await user`UPDATE attio.companies SET description = 'edited' WHERE name IN ('New 1', 'New 2')`;
  await user`UPDATE attio.people SET job_title = 'edited'`;
  const kept = await user<{ id: string }[]>`SELECT record_id AS id FROM attio.people ORDER BY 1 LIMIT 3`;
  const [deleted, busy, sent] = kept.map(({ id }) => id);
  await user`DELETE FROM attio.people WHERE record_id = ${deleted ?? ""}`;
  await sql`UPDATE attio_sync.outbox SET status = 'failed', error_code = 'too_many_inserts' WHERE operation = 'insert'`;
  await sql`UPDATE attio_sync.outbox SET status = 'pushing' WHERE record_id = ${busy ?? ""}`;
  await sql`UPDATE attio_sync.outbox SET attempted_at = now() WHERE record_id = ${sent ?? ""}`;
  const all = await sql<{ id: number; isLeft: boolean }[]>`
    SELECT id, record_id IN (${busy ?? ""}, ${sent ?? ""}) AS "isLeft" FROM attio_sync.outbox ORDER BY id`;

  const { ids } = await discardChanges(
    mirror.db,
    all.map(({ id }) => id),
  );
  expect(ids).toEqual(all.filter(({ isLeft }) => !isLeft).map(({ id }) => id));
  const states = await sql`
    SELECT stream, operation, status, count(*) AS changes FROM attio_sync.outbox GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`;
  expect([...states]).toEqual([
    { stream: "companies", operation: "insert", status: "discarded", changes: 600 },
    { stream: "companies", operation: "update", status: "discarded", changes: 2 },
    { stream: "people", operation: "delete", status: "discarded", changes: 1 },
    { stream: "people", operation: "update", status: "discarded", changes: 18 },
    { stream: "people", operation: "update", status: "pending", changes: 1 },
    { stream: "people", operation: "update", status: "pushing", changes: 1 },
  ]);
  expect([...(await user`SELECT FROM attio.companies WHERE name LIKE 'New %'`)]).toEqual([]);

  await sql`UPDATE attio_sync.outbox SET status = 'discarded' WHERE status IN ('pending', 'pushing')`;
  await past(sql)`UPDATE attio.people SET _hash = NULL WHERE job_title = 'edited'`;
  await mirror.backfill({ streams: ["people"] });
  await drain(mirror);
  expect(
    await findDifferences(mirror.sandbox, sql, { sources: ["people", "companies"], resources: [] }),
  ).toEqual([]);
});

it("a row of which an insert and a change were given up in different parts of the list counts as given up", async () => {
  const { mirror, user } = await startWriting();
  await user`INSERT INTO attio.companies (name) SELECT 'New ' || n FROM generate_series(1, 500) AS n`;
  await user`UPDATE attio.companies SET description = 'edited' WHERE name = 'New 1'`;
  const all = await user<{ id: string }[]>`SELECT id FROM attio.changes ORDER BY id`;
  const ids = all.map(({ id }) => Number(id));
  expect(await discardChanges(mirror.db, ids)).toEqual({ ids });
});
