import { expect, it } from "vitest";
import { silentLog, type Log } from "../../src/logger.ts";
import type { RefusalCode } from "../../src/sandbox/index.ts";
import { PATIENCE } from "../../src/sync/push/push-deps.ts";
import { startWriting } from "../support/writing.ts";

const CODES: RefusalCode[] = [
  "particle_gate_violation",
  "quota_exceeded",
  "billing_error",
  "standard_object_disabled",
  "unauthorized",
];

it.each(CODES)(
  "%s stops the writes of its object until it is mended, others go on, and it is told once",
  async (code) => {
    const told: unknown[] = [];
    const log: Log = { ...silentLog, warn: (...line: unknown[]) => void told.push(line) };
    const { mirror, user, pusher, push } = await startWriting({ patience: PATIENCE, log });
    const { sandbox, db } = mirror;
    const fault = sandbox.faults.add({ kind: "refusal", code, holds: "Captain" });
    await user`UPDATE attio.people SET job_title = 'Captain'`;
    await user`UPDATE attio.companies SET description = 'goes on'`;
    // Until the pause is over at the earliest, nothing more of the object is tried.
    await pusher.run();
    const hits = fault.hits;
    expect(hits).toBeLessThanOrEqual(16);
    await pusher.run();
    expect(fault.hits).toBe(hits);
    const byStream = () => user`
      SELECT stream, status, count(*)::int AS rows, max(attempts) AS attempts, count(attempted_at)::int AS sent
      FROM attio_sync.outbox GROUP BY 1, 2 ORDER BY 1`;
    expect(await byStream()).toMatchObject([
      { stream: "companies", status: "pushed", rows: 10 },
      { stream: "people", status: "pending", rows: 20, attempts: 0, sent: 0 },
    ]);
    const pauses = () => db.sql`
      SELECT stream, writes_pause_code AS code, writes_paused_until > now() AS paused FROM attio_sync.streams
      WHERE writes_pause_code IS NOT NULL`;
    expect(await pauses()).toEqual([{ stream: "people", code, paused: true }]);
    expect(told).toMatchObject([[{ stream: "people", code }, expect.any(String)]]);

    fault.remove();
    // The pause is over.
    await db.sql`UPDATE attio_sync.streams SET writes_paused_until = now() WHERE stream = 'people'`;
    await push();
    expect(await byStream()).toMatchObject([
      { stream: "companies", status: "pushed" },
      { stream: "people", status: "pushed", rows: 20, attempts: 1 },
    ]);
    expect(await pauses()).toEqual([]);
  },
);

it("a row that is refused with such a code by itself fails, and holds up no other", async () => {
  const { mirror, user, push } = await startWriting({ patience: { ...PATIENCE, pauseMs: 500 } });
  mirror.sandbox.faults.add({ kind: "refusal", code: "standard_object_disabled", holds: "Captain" });
  await user`
    UPDATE attio.people SET job_title = CASE WHEN record_id = (SELECT min(record_id::text)::uuid FROM attio.people)
      THEN 'Captain' ELSE 'Sailor' END`;
  await push();
  const ends = await user`
    SELECT changes ->> 'job_title' AS title, status, error_code, count(*)::int AS rows
    FROM attio.changes GROUP BY 1, 2, 3 ORDER BY 1`;
  expect([...ends]).toEqual([
    { title: "Captain", status: "failed", error_code: "standard_object_disabled", rows: 1 },
    { title: "Sailor", status: "pushed", error_code: null, rows: 19 },
  ]);
});
