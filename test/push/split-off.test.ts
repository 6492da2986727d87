import { expect, it, onTestFinished, vi } from "vitest";
import { createSql } from "../../src/db/client.ts";
import { claimLanes } from "../../src/db/queries/outbox-claims.ts";
import { splitOff } from "../../src/db/queries/outbox.ts";
import { startWriting } from "../support/writing.ts";

const FATE = { status: "pending", code: null, message: null } as const;

it("what follows later keeps its time, whatever the process's clock says, and undoes no change that was made since", async () => {
  const { mirror, user } = await startWriting();
  const { sql, url } = mirror.db;
  const claims = createSql(url, { connections: 1 });
  onTestFinished(() => claims.end());
  const ahead = vi.spyOn(Date, "now").mockReturnValue(Date.now() + 600_000);
  onTestFinished(() => {
    ahead.mockRestore();
  });
  await user`INSERT INTO attio.people (name, job_title, description) VALUES ('Early', 'older', 'older')`;
  const { lanes } = await claimLanes(claims, { small: 1, bulk: 0 }, { graceMs: 1_000, after: 0 });
  const lane = lanes[0]?.lane;
  if (lane === undefined) throw new Error("nothing was taken");
  await user`UPDATE attio.people SET description = 'newer' WHERE name = 'Early'`;
  const changes = { job_title: "older", description: "older" };
  await sql.begin((tx) =>
    splitOff(tx, lane, { changes, base: { job_title: null, description: null } }, FATE),
  );
  const rows = await sql`
    SELECT operation, changes, created_at = min(created_at) OVER () AS "isOld" FROM attio_sync.outbox ORDER BY id`;
  expect([...rows]).toEqual([
    { operation: "insert", changes: { name: "Early" }, isOld: true },
    { operation: "update", changes: { description: "newer" }, isOld: false },
    { operation: "update", changes: { job_title: "older" }, isOld: true },
  ]);
});
