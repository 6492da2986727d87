import { expect, it } from "vitest";
import { eventually } from "../support/things.ts";
import { startWriting } from "../support/writing.ts";

it("a full disk: a change that can be neither settled nor given back is pushed once there is room again", async () => {
  const { mirror, user, pusher } = await startWriting();
  const { sandbox, db } = mirror;
  const [person] = sandbox.store.records("people");
  if (person === undefined) throw new Error("no people");
  // It can be taken, and nothing more.
  await db.sql.unsafe(`
    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$;
    CREATE TRIGGER full_disk BEFORE UPDATE ON attio_sync.outbox FOR EACH ROW
    WHEN (NEW.status <> 'pushing') EXECUTE FUNCTION full_disk()`);
  await user`UPDATE attio.people SET job_title = 'There is room' WHERE record_id = ${person.id}`;
  const run = pusher.run();
  await eventually(() => sandbox.log.count({ kind: "write", method: "PATCH" }) > 0);
  // Long enough for the settlement to fail, and the giving back: both are refused until the trigger is gone.
  await eventually(async () => {
    const [row] = await user<{ fails: number }[]>`
      SELECT xact_rollback::int AS fails FROM pg_stat_database WHERE datname = current_database()`;
    return (row?.fails ?? 0) > 1;
  });
  expect(await user`SELECT status FROM attio.changes`).toEqual([{ status: "pushing" }]);
  await db.sql.unsafe(`DROP TRIGGER full_disk ON attio_sync.outbox`);
  await run;
  await eventually(async () => {
    await pusher.run();
    const [row] = await user<{ status: string }[]>`SELECT status FROM attio.changes`;
    return row?.status === "pushed";
  });
});
