import { expect, test } from "vitest";
import {
  createColleagues,
  createStore,
  DEFAULT_SEED,
  seedStore,
  type SandboxStore,
} from "../../src/sandbox/index.ts";
import { look, start } from "./support.ts";

function company(): SandboxStore {
  const store = createStore({ seed: 1, now: () => Date.parse("2026-06-01T00:00:00Z") });
  seedStore(store, DEFAULT_SEED);
  return store;
}

const dump = ({ state }: SandboxStore): string =>
  JSON.stringify([...state.items.values()].map((item) => [item.id, item.parent?.id, [...item.slots]]));

test("colleagues of equal seed do equal work, of another seed other work", () => {
  const [one, two, other] = [company(), company(), company()];
  createColleagues(one, { seed: 7 }).work(300);
  createColleagues(two, { seed: 7 }).work(300);
  createColleagues(other, { seed: 8 }).work(300);
  expect(dump(one)).toBe(dump(two));
  expect(dump(one)).not.toBe(dump(other));
});

test("a lot of work leaves references, entries and unique values consistent", () => {
  const store = company();
  const colleagues = createColleagues(store, { seed: 3 });
  colleagues.work(3000);
  expect(colleagues.done).toBe(3000);
  const problems: string[] = [];
  for (const item of store.state.items.values()) {
    if (item.parent !== undefined && !store.state.items.has(item.parent.id))
      problems.push("entry without parent");
    for (const attribute of item.container.attributes.values()) {
      for (const { fields } of store.state.items.get(item.id)?.slots.get(attribute.id)?.active ?? []) {
        const id = fields["target_record_id"];
        const target = typeof id === "string" ? store.state.items.get(id) : undefined;
        if (typeof id === "string" && target === undefined) problems.push(`dangling ${attribute.slug}`);
        if (target === undefined || attribute.pair === undefined) continue;
        const back = target.slots.get(attribute.pair.id)?.active ?? [];
        if (!back.some((one) => one.fields["target_record_id"] === item.id))
          problems.push(`one-sided ${attribute.slug}`);
      }
    }
  }
  const { holders } = store.attribute("people", "email_addresses");
  for (const [email, people] of holders) if (people.size > 1) problems.push(`shared ${email}`);
  for (const note of store.notes())
    if (!store.state.items.has(note.record.id)) problems.push("orphaned note");
  expect(problems).toEqual([]);
});

test("colleagues work at their rate until the sandbox closes, and what they do can be read", async () => {
  const { sandbox, request } = await start({});
  const colleagues = sandbox.colleagues({ perSecond: 200 });
  colleagues.start();
  await expect.poll(() => colleagues.done).toBeGreaterThan(20);
  colleagues.stop();
  const { done } = colleagues;
  expect(look(await request("POST", "/v2/objects/people/records/query", { limit: 1 }), "data")).toHaveLength(
    1,
  );
  expect(colleagues.done).toBe(done);
});
