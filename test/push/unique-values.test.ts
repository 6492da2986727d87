import type postgres from "postgres";
import { expect, it } from "vitest";
import { retryChanges } from "../../src/sync/push/resolve-changes.ts";
import { drain } from "../support/live.ts";
import { findDifferences } from "../support/oracle.ts";
import { startPusher, startWriting, type Writing } from "../support/writing.ts";

/** People with an address each, as ids by address; the company that Attio would make of the addresses is there. */
async function makePeople(
  { mirror, user }: Writing,
  addresses: readonly string[],
): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const address of addresses) {
    const name = { first_name: address, last_name: "", full_name: address };
    const record = mirror.sandbox.store.createRecord("people", { name, email_addresses: [address] });
    ids.set(address, record.id);
  }
  mirror.sandbox.store.createRecord("companies", { name: "Made here", domains: ["made-here.com"] });
  await mirror.backfill({ streams: ["people", "companies"] });
  expect((await user`SELECT FROM attio.people WHERE record_id = ANY(${[...ids.values()]})`).count).toBe(
    addresses.length,
  );
  return ids;
}

/** Addresses of people in Attio, by record. */
function addressesOf({ mirror }: Writing): Map<string, string[]> {
  const { store } = mirror.sandbox;
  return new Map(
    store.records("people").map((person) => [
      person.id,
      store
        .values(person, "email_addresses")
        .active.map(({ fields }) => fields["email_address"] as string)
        .toSorted(),
    ]),
  );
}

async function expectAllPushed(writing: Writing): Promise<void> {
  const { mirror, user, push } = writing;
  await push();
  const open =
    await user`SELECT status, error_code, error_message FROM attio.changes WHERE status <> 'pushed'`;
  expect([...open]).toEqual([]);
  await drain(mirror);
  // Of the company that Attio connects by the address an event would tell, and none is delivered here.
  const differences = await findDifferences(mirror.sandbox, mirror.db.sql, { resources: [] });
  expect(differences.filter((what) => !what.startsWith("companies "))).toEqual([]);
}

type Step = (sql: postgres.Sql | postgres.TransactionSql) => Promise<unknown>;

const remove: (id: string) => Step = (id) => (sql) => sql`DELETE FROM attio.people WHERE record_id = ${id}`;
const insert: (address: string) => Step = (address) => (sql) =>
  sql`INSERT INTO attio.people (name, email_addresses) VALUES ('Successor', ${[address]})`;
const set: (id: string, addresses: string[]) => Step = (id, addresses) => (sql) =>
  sql`UPDATE attio.people SET email_addresses = ${addresses} WHERE record_id = ${id}`;

it.each(["DELETE, then INSERT", "INSERT, then DELETE"])(
  "%s of one address leaves a new record that has it",
  async (order) => {
    for (const together of [true, false]) {
      const writing = await startWriting();
      const ids = await makePeople(writing, ["moving@made-here.com"]);
      const old = ids.get("moving@made-here.com") ?? "";
      const steps = [remove(old), insert("moving@made-here.com")];
      if (order.startsWith("INSERT")) steps.reverse();
      if (together)
        await writing.user.begin(async (tx) => {
          for (const step of steps) await step(tx);
        });
      else for (const step of steps) await step(writing.user);
      await expectAllPushed(writing);
      const there = addressesOf(writing);
      expect(there.has(old)).toBe(false);
      expect(
        [...there.values()].filter((addresses) => addresses.includes("moving@made-here.com")),
      ).toHaveLength(1);
    }
  },
);

it.each(["given up, then taken", "taken, then given up"])("an address that is %s moves", async (order) => {
  const writing = await startWriting();
  const ids = await makePeople(writing, ["a@made-here.com", "b@made-here.com"]);
  const [a = "", b = ""] = ids.values();
  const steps = [set(a, ["other@made-here.com"]), set(b, ["b@made-here.com", "a@made-here.com"])];
  if (order.startsWith("taken")) steps.reverse();
  for (const step of steps) await step(writing.user);
  await expectAllPushed(writing);
  const there = addressesOf(writing);
  expect(there.get(a)).toEqual(["other@made-here.com"]);
  expect(there.get(b)).toEqual(["a@made-here.com", "b@made-here.com"]);
});

it("rows that exchange their addresses have each other's afterwards, however many they are", async () => {
  const writing = await startWriting();
  const addresses = ["a@made-here.com", "b@made-here.com", "c@made-here.com"];
  const ids = [...(await makePeople(writing, addresses)).values()];
  await writing.user`
    UPDATE attio.people p SET email_addresses = n.addresses
    FROM (SELECT record_id, lag(email_addresses, 1, '{c@made-here.com}') OVER (ORDER BY email_addresses) AS addresses
          FROM attio.people WHERE record_id = ANY(${ids})) n WHERE n.record_id = p.record_id`;
  // Two processes that take one row each.
  const other = startPusher(writing.mirror);
  await Promise.all([other.run(), writing.pusher.run()]);
  await expectAllPushed(writing);
  const there = addressesOf(writing);
  expect(ids.map((id) => there.get(id))).toEqual([
    ["c@made-here.com"],
    ["a@made-here.com"],
    ["b@made-here.com"],
  ]);
});

it("rows exchange a single unique value, each with other changes of its own", async () => {
  const writing = await startWriting();
  const { user, mirror } = writing;
  const rows = await user<{ id: string; key: string }[]>`
    SELECT record_id AS id, key FROM attio.projects WHERE key IS NOT NULL ORDER BY key LIMIT 2`;
  const [one, two] = rows;
  if (one === undefined || two === undefined) throw new Error("no projects with a key");
  await user.begin(async (tx) => {
    await tx`UPDATE attio.projects SET key = ${two.key}, effort = 1 WHERE record_id = ${one.id}`;
    await tx`UPDATE attio.projects SET key = ${one.key}, effort = 2 WHERE record_id = ${two.id}`;
  });
  await expectAllPushed(writing);
  const after =
    await user`SELECT key, effort FROM attio.projects WHERE record_id IN (${one.id}, ${two.id}) ORDER BY effort`;
  expect([...after]).toEqual([
    { key: two.key, effort: 1 },
    { key: one.key, effort: 2 },
  ]);
  expect(await mirror.db.sql`SELECT FROM attio_sync.conflicts`).toHaveLength(0);
});

it("rows that exchange addresses keep what somebody added in Attio meanwhile", async () => {
  const writing = await startWriting();
  const ids = await makePeople(writing, ["a@made-here.com", "b@made-here.com"]);
  const [a = "", b = ""] = ids.values();
  writing.mirror.sandbox.store.updateRecord("people", a, {
    email_addresses: ["a@made-here.com", "added@made-here.com"],
  });
  await writing.user.begin(async (tx) => {
    await set(a, ["b@made-here.com"])(tx);
    await set(b, ["a@made-here.com"])(tx);
  });
  await expectAllPushed(writing);
  const there = addressesOf(writing);
  expect(there.get(a)).toEqual(["added@made-here.com", "b@made-here.com"]);
  expect(there.get(b)).toEqual(["a@made-here.com"]);
});

it("rows that were inserted and exchanged their addresses before either was sent arrive", async () => {
  const writing = await startWriting();
  await makePeople(writing, []);
  await writing.user.begin(async (tx) => {
    await insert("one@made-here.com")(tx);
    await insert("two@made-here.com")(tx);
    await tx`UPDATE attio.people SET email_addresses = '{three@made-here.com}' WHERE email_addresses = '{one@made-here.com}'`;
    await tx`UPDATE attio.people SET email_addresses = '{one@made-here.com}' WHERE email_addresses = '{two@made-here.com}'`;
    await tx`UPDATE attio.people SET email_addresses = '{two@made-here.com}' WHERE email_addresses = '{three@made-here.com}'`;
  });
  await expectAllPushed(writing);
  const all = [...addressesOf(writing).values()].flat();
  expect(all.filter((address) => /^(one|two|three)@/.test(address)).toSorted()).toEqual([
    "one@made-here.com",
    "two@made-here.com",
  ]);
});

it("a row whose address a held deletion still has waits, says so, and follows once it is allowed", async () => {
  const writing = await startWriting();
  const { mirror, user, pusher } = writing;
  const addresses = Array.from({ length: 101 }, (_, n) => `p${String(n)}@made-here.com`);
  await makePeople(writing, addresses);
  await user`DELETE FROM attio.people WHERE email_addresses && ${addresses}`;
  await pusher.run();
  await insert("p7@made-here.com")(user);
  await pusher.run();
  const waiting = await user`SELECT status, error_code FROM attio.changes WHERE operation = 'insert'`;
  expect([...waiting]).toEqual([{ status: "pending", error_code: "value_not_free" }]);
  await retryChanges(mirror.db, [], { allowBulk: true });
  await expectAllPushed(writing);
  expect(
    [...addressesOf(writing).values()].flat().filter((address) => address === "p7@made-here.com"),
  ).toHaveLength(1);
});

it("soft deletion: the address of a deleted row is free for a new one", async () => {
  const writing = await startWriting({ mirror: { deleteMode: "soft" } });
  const ids = await makePeople(writing, ["moving@made-here.com"]);
  const old = ids.get("moving@made-here.com") ?? "";
  await writing.user.begin(async (tx) => {
    await insert("moving@made-here.com")(tx);
    await remove(old)(tx);
  });
  await expectAllPushed(writing);
  expect(addressesOf(writing).has(old)).toBe(false);
  const [row] = await writing.user`
    SELECT count(*)::int FROM attio.people WHERE email_addresses = '{moving@made-here.com}' AND _deleted_at IS NULL`;
  expect(row).toEqual({ count: 1 });
});

it("an INSERT that is bound to a record just before that is deleted here leaves a record of its own", async () => {
  const writing = await startWriting();
  const { mirror, user, pusher } = writing;
  const ids = await makePeople(writing, ["moving@made-here.com"]);
  const old = ids.get("moving@made-here.com") ?? "";
  await insert("moving@made-here.com")(user);
  // The deletion is committed once Attio has been asked whose address it is, and before the answer is settled.
  const deleted = new Promise<unknown>((resolve, reject) => {
    const stop = mirror.sandbox.onRequest(({ method, path }) => {
      if (method !== "GET" || !path.endsWith(old)) return;
      stop();
      remove(old)(user).then(resolve, reject);
    });
  });
  mirror.sandbox.faults.add({ kind: "slow", ms: 500, method: "GET", path: new RegExp(`${old}$`), times: 1 });
  mirror.sandbox.faults.add({ kind: "slow", ms: 1_500, method: "DELETE", times: 1 });
  await Promise.all([pusher.run(), deleted]);
  await expectAllPushed(writing);
  const there = addressesOf(writing);
  expect(there.has(old)).toBe(false);
  expect([...there.values()].filter((addresses) => addresses.includes("moving@made-here.com"))).toHaveLength(
    1,
  );
});
