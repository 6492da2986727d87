import { expect, it } from "vitest";
import { deliverEvents, drain } from "../support/live.ts";
import { SHORT_PATIENCE, startWriting } from "../support/writing.ts";

const changes = (user: Awaited<ReturnType<typeof startWriting>>["user"]) => user`
  SELECT status, error_code AS code, count(*)::int AS rows, max(attempts) AS attempts FROM attio_sync.outbox GROUP BY 1, 2`;

it("a refused value fails after one write each, also beside a valid owner and a valid company", async () => {
  const { mirror, user, push } = await startWriting();
  const { log } = mirror.sandbox;
  const before = log.count({ kind: "write" });
  const startedAt = Date.now();
  await user`
    INSERT INTO attio.deals (name, stage, owner, associated_company)
    SELECT 'Deal ' || n, 'Nope',
      (SELECT workspace_member_id FROM attio.workspace_members ORDER BY 1 LIMIT 1),
      (SELECT record_id FROM attio.companies ORDER BY 1 LIMIT 1)
    FROM generate_series(1, 60) AS n`;
  await push();
  expect(await changes(user)).toEqual([{ status: "failed", code: "value_not_found", rows: 60, attempts: 1 }]);
  expect(log.count({ kind: "write" }) - before).toBe(60);
  expect(Date.now() - startedAt).toBeLessThan(30_000);
});

it("a reference to a record that nobody knows is tried with growing pauses, and fails with Attio's code", async () => {
  const { mirror, user, push } = await startWriting({ patience: SHORT_PATIENCE });
  const { log } = mirror.sandbox;
  const before = log.count({ kind: "write" });
  const [person] = await user<{ id: string }[]>`SELECT record_id AS id FROM attio.people LIMIT 1`;
  await user`UPDATE attio.people SET company = gen_random_uuid() WHERE record_id = ${person?.id ?? ""}`;
  const startedAt = Date.now();
  await push();
  expect(Date.now() - startedAt).toBeGreaterThan(SHORT_PATIENCE.referenceMs);
  expect(await changes(user)).toEqual([{ status: "failed", code: "value_not_found", rows: 1, attempts: 3 }]);
  expect(log.count({ kind: "write" }) - before).toBe(3);
});

it("an unknown record that is made before the wait is over is connected", async () => {
  const { mirror, user, pusher, push } = await startWriting({ patience: SHORT_PATIENCE });
  const { store } = mirror.sandbox;
  const [person] = await user<{ id: string }[]>`SELECT record_id AS id FROM attio.people LIMIT 1`;
  const [one, other] = store.records("companies").map(({ id }) => id);
  const { settled } = deliverEvents(mirror);
  const merged = store.mergeRecords("companies", one ?? "", other ?? "").id;
  await user`UPDATE attio.people SET company = ${one ?? ""} WHERE record_id = ${person?.id ?? ""}`;
  await pusher.run();
  expect(await changes(user)).toEqual([{ status: "pending", code: "value_not_found", rows: 1, attempts: 1 }]);
  await settled();
  await drain(mirror);
  await push();
  const [value] = store.values(store.record("people", person?.id ?? ""), "company").active;
  expect(value?.fields).toMatchObject({ target_record_id: merged });
});

it("a title that Attio knows by now is pushed once the schema was read again", async () => {
  const { mirror, user, push } = await startWriting();
  const { faults, store } = mirror.sandbox;
  const [deal] = await user<{ id: string }[]>`SELECT record_id AS id FROM attio.deals LIMIT 1`;
  store.createOption("companies", "employee_range", "just now");
  const fault = faults.add({
    kind: "status",
    status: 400,
    body: { status_code: 400, type: "invalid_request_error", code: "value_not_found", message: "No." },
    holds: "just now",
    times: 1,
  });
  await user`UPDATE attio.deals SET name = 'Renamed' WHERE record_id = ${deal?.id ?? ""}`;
  await user`
    UPDATE attio.companies SET employee_range = 'just now'
    WHERE record_id = (SELECT record_id FROM attio.companies ORDER BY 1 LIMIT 1)`;
  await push();
  expect(fault.hits).toBe(1);
  expect(await changes(user)).toMatchObject([{ status: "pushed", code: null, rows: 2 }]);
});

it("of a row whose statements have no attribute in common, what Attio refuses of one fails alone", async () => {
  const { mirror, user, push } = await startWriting();
  const { store } = mirror.sandbox;
  const [deal] = await user<{ id: string }[]>`SELECT record_id AS id FROM attio.deals ORDER BY 1 LIMIT 1`;
  const id = deal?.id ?? "";
  await user`UPDATE attio.deals SET value = 41 WHERE record_id = ${id}`;
  await user`UPDATE attio.deals SET stage = 'Nope', value = 42 WHERE record_id = ${id}`;
  await user`UPDATE attio.deals SET name = 'Arrives' WHERE record_id = ${id}`;
  await push();
  expect(
    await user`SELECT changes - 'value_currency' AS changes, status, error_code AS code FROM attio_sync.outbox ORDER BY id`,
  ).toEqual([
    { changes: { value: 41 }, status: "failed", code: "value_not_found" },
    { changes: { stage: "Nope", value: 42 }, status: "failed", code: "value_not_found" },
    { changes: { name: "Arrives" }, status: "pushed", code: null },
  ]);
  expect(store.values(store.record("deals", id), "name").active[0]?.fields).toMatchObject({
    value: "Arrives",
  });
});

it("a new row of which Attio refuses an attribute fails as a whole, with what was changed in it later", async () => {
  const { user, push } = await startWriting();
  const [made] = await user<{ id: string }[]>`
    INSERT INTO attio.deals (name, stage, owner)
    SELECT 'New', 'Nope', workspace_member_id FROM attio.workspace_members ORDER BY 1 LIMIT 1 RETURNING record_id AS id`;
  await user`UPDATE attio.deals SET value = 1 WHERE record_id = ${made?.id ?? ""}`;
  await push();
  expect(await changes(user)).toMatchObject([{ status: "failed", code: "value_not_found", rows: 2 }]);
});
