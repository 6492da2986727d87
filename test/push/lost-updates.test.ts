import { expect, it } from "vitest";
import type { ConflictPolicy } from "../../src/sync/push/decide.ts";
import { findDifferences } from "../support/oracle.ts";
import { SHORT_PATIENCE, startWriting } from "../support/writing.ts";

it.each<ConflictPolicy>(["attio", "local", "latest", "manual"])(
  "lost answer: what was edited after an attempt is pushed as well, and is no conflict with ourselves (%s)",
  async (policy) => {
    const { mirror, user, push, pusher } = await startWriting({ patience: SHORT_PATIENCE, policy });
    const { faults, store } = mirror.sandbox;
    const [person] = store.records("people");
    const [company] = store.records("companies");
    if (person === undefined || company === undefined) throw new Error("the workspace is empty");
    store.updateItem(company, { categories: ["B2B"] });
    await mirror.backfill({ streams: ["companies"] });
    const lost = faults.add({ kind: "lost", method: "PATCH", path: /records\/[^/]*$/, times: 2 });
    await user`UPDATE attio.people SET job_title = 'sent' WHERE record_id = ${person.id}`;
    await user`UPDATE attio.companies SET categories = '{B2B,SaaS}' WHERE record_id = ${company.id}`;
    await pusher.run();
    expect(lost.hits).toBe(2);
    await user`UPDATE attio.people SET job_title = 'edited since' WHERE record_id = ${person.id}`;
    await user`UPDATE attio.companies SET categories = '{B2B,Health}' WHERE record_id = ${company.id}`;
    await push();
    const [title] = store.values(person, "job_title").active.map(({ fields }) => fields);
    expect(title).toMatchObject({ value: "edited since" });
    expect(await user`SELECT categories FROM attio.companies WHERE record_id = ${company.id}`).toEqual([
      { categories: ["B2B", "Health"] },
    ]);
    expect(await user`SELECT DISTINCT status FROM attio.changes`).toEqual([{ status: "pushed" }]);
    expect(await user`SELECT attribute FROM attio_sync.conflicts`).toEqual([]);
    const sources = ["people", "companies"];
    expect(await findDifferences(mirror.sandbox, mirror.db.sql, { sources, resources: [] })).toEqual([]);
  },
);

it("lost answer: what was edited after an attempt is pushed also when the next one came to nothing", async () => {
  const { mirror, user, push, pusher } = await startWriting({ patience: SHORT_PATIENCE, policy: "attio" });
  const { faults, store } = mirror.sandbox;
  const [person] = store.records("people");
  if (person === undefined) throw new Error("the workspace is empty");
  faults.add({ kind: "lost", method: "PATCH", path: /records\/[^/]*$/, times: 1 });
  await user`UPDATE attio.people SET job_title = 'sent' WHERE record_id = ${person.id}`;
  await pusher.run();
  const failing = faults.add({ kind: "status", status: 500, method: "PATCH", times: 1 });
  await user`UPDATE attio.people SET job_title = 'edited since' WHERE record_id = ${person.id}`;
  await push();
  expect(failing.hits).toBe(1);
  const [title] = store.values(person, "job_title").active.map(({ fields }) => fields);
  expect(title).toMatchObject({ value: "edited since" });
  expect(await user`SELECT attribute FROM attio_sync.conflicts`).toEqual([]);
});
