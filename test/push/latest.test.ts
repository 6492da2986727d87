import { expect, it } from "vitest";
import { memberActor } from "../../src/sandbox/index.ts";
import { startWriting } from "../support/writing.ts";

it("latest: a later change of another column does not make an older value the younger one", async () => {
  const { mirror, user, push } = await startWriting();
  const { store } = mirror.sandbox;
  const [deal] = await user<{ record_id: string }[]>`SELECT record_id FROM attio.deals LIMIT 1`;
  const id = deal?.record_id ?? "";
  const [member] = store.members();
  // Ten seconds ago here, five seconds ago in Attio, and another column just now.
  await user`UPDATE attio.deals SET value = 111 WHERE record_id = ${id}`;
  await mirror.db.sql`UPDATE attio_sync.outbox SET created_at = created_at - interval '10 seconds'`;
  store.updateRecord("deals", id, { value: 222 }, { at: ago(5_000), by: memberActor(member?.id ?? "") });
  await user`UPDATE attio.deals SET name = 'Renamed' WHERE record_id = ${id}`;
  await push();
  expect([...(await user`SELECT name, value::int FROM attio.deals WHERE record_id = ${id}`)]).toEqual([
    { name: "Renamed", value: 222 },
  ]);
  const conflicts = await mirror.db.sql`SELECT attribute, winner FROM attio_sync.conflicts`;
  expect([...conflicts]).toEqual([{ attribute: "value", winner: "attio" }]);
});

it("latest: the last change of a column counts, whatever was changed before and after it", async () => {
  const { mirror, user, push } = await startWriting();
  const { store } = mirror.sandbox;
  const [deal] = await user<{ record_id: string }[]>`SELECT record_id FROM attio.deals LIMIT 1`;
  const id = deal?.record_id ?? "";
  const [member] = store.members();
  await user`UPDATE attio.deals SET value = 111 WHERE record_id = ${id}`;
  await mirror.db.sql`UPDATE attio_sync.outbox SET created_at = created_at - interval '20 seconds'`;
  store.updateRecord("deals", id, { value: 222 }, { at: ago(10_000), by: memberActor(member?.id ?? "") });
  await user`UPDATE attio.deals SET value = 333 WHERE record_id = ${id}`;
  await user`UPDATE attio.deals SET name = 'Renamed' WHERE record_id = ${id}`;
  await push();
  expect([...(await user`SELECT name, value::int FROM attio.deals WHERE record_id = ${id}`)]).toEqual([
    { name: "Renamed", value: 333 },
  ]);
});

function ago(ms: number): string {
  return new Date(Date.now() - ms).toISOString();
}
