import { expect, it } from "vitest";
import { retryChanges } from "../../src/sync/push/resolve-changes.ts";
import { drain } from "../support/live.ts";
import { findDifferences } from "../support/oracle.ts";
import { startWriting } from "../support/writing.ts";

it("blast radius out: so many inserts at once are held until they are allowed, and what was done to their rows with them", async () => {
  const { mirror, user, push, pusher } = await startWriting();
  const { store, log } = mirror.sandbox;
  const [other] = await user<{ id: string }[]>`SELECT record_id AS id FROM attio.companies LIMIT 1`;
  await user`INSERT INTO attio.companies (name) SELECT 'Bulk ' || n FROM generate_series(1, 1001) AS n`;
  await user`UPDATE attio.companies SET description = 'goes' WHERE record_id = ${other?.id ?? ""}`;
  const counts = async () => [
    ...(await user`
      SELECT operation, status, error_code, count(*)::int AS rows FROM attio.changes GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`),
  ];
  const goes = { operation: "update", status: "pushed", error_code: null, rows: 1 };
  const held = (operation: string, rows: number) =>
    ({ operation, status: "failed", error_code: `too_many_${operation}s`, rows }) as const;
  await push();
  expect(await counts()).toEqual([held("insert", 1001), goes]);
  const [reason] = await user`SELECT error_message FROM attio.changes WHERE status = 'failed' LIMIT 1`;
  expect(reason).toEqual({
    error_message: '1001 inserts at once: run "changes retry --allow-bulk" to let them go',
  });

  // Edited, its row waits with its insert; deleted, its insert is given up.
  await user`UPDATE attio.companies SET description = 'edited' WHERE name = 'Bulk 1'`;
  await user`DELETE FROM attio.companies WHERE name = 'Bulk 2'`;
  await pusher.run();
  const edited = { operation: "update", status: "failed", error_code: "too_many_inserts", rows: 1 };
  const cancelled = (operation: string) => ({
    operation,
    status: "discarded",
    error_code: "cancelled",
    rows: 1,
  });
  expect(await counts()).toEqual([
    cancelled("delete"),
    cancelled("insert"),
    held("insert", 1000),
    edited,
    goes,
  ]);
  const { ids, onHold } = await retryChanges(mirror.db, [], { allowBulk: false });
  expect([ids, onHold.map(({ code, ids: held }) => [code, held.length])]).toEqual([
    [],
    [["too_many_inserts", 1001]],
  ]);
  await mirror.backfill({ streams: ["companies"] });
  await drain(mirror);
  expect(store.records("companies").length).toBe(10);
  expect(log.count({ kind: "write" })).toBe(1);

  // Whoever deletes what they inserted by accident gives it up by the same word, without a request.
  await user`DELETE FROM attio.companies WHERE name LIKE 'Bulk %' AND name NOT IN ('Bulk 1', 'Bulk 3')`;
  await push();
  expect((await counts()).filter(({ status }) => status === "failed")).toEqual([
    held("delete", 998),
    held("insert", 1000),
    edited,
  ]);
  await retryChanges(mirror.db, [], { allowBulk: true });
  await push();
  expect(store.records("companies").length).toBe(12);
  const rows = await user`SELECT name, description FROM attio.companies WHERE name LIKE 'Bulk %' ORDER BY 1`;
  expect([...rows]).toEqual([
    { name: "Bulk 1", description: "edited" },
    { name: "Bulk 3", description: null },
  ]);
  expect(log.count({ kind: "write" })).toBe(3);
  await drain(mirror);
  expect(
    await findDifferences(mirror.sandbox, mirror.db.sql, { sources: ["companies"], resources: [] }),
  ).toEqual([]);
});
