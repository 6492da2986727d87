import { expect, test } from "vitest";
import { migrate } from "../../src/db/index.ts";
import { prepareMirror } from "../../src/sync/start/prepare-mirror.ts";
import { startMirror } from "../support/mirror.ts";
import { findDifferences } from "../support/oracle.ts";

test("two daemons starting at once: on an empty database both come up, and what they read is there once", async () => {
  const mirror = await startMirror({ sandbox: { seed: { people: 12, companies: 6, deals: 4, seed: 3 } } });
  const { sandbox, db } = mirror;
  await db.sql`DROP SCHEMA attio, attio_sync CASCADE`;
  const both = [await mirror.another(), await mirror.another()];
  const signal = new AbortController().signal;
  await Promise.all(
    both.map(async (process) => {
      await migrate(process.db);
      await prepareMirror(process.deps, { webhook: false, baseUrl: sandbox.url, signal });
    }),
  );
  const results = await Promise.all(both.map((process) => process.backfill({ streams: ["people"] })));
  expect(results.flat()).toMatchObject([{ state: "ok" }, { state: "ok" }]);
  expect(results.flat().reduce((sum, { written }) => sum + written, 0)).toBe(12);
  expect(await findDifferences(sandbox, db.sql, { sources: ["people"], resources: [] })).toEqual([]);
});
