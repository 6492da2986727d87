import { beforeAll, expect, it } from "vitest";
import type { Fault } from "../../src/sandbox/index.ts";
import { drain } from "../support/live.ts";
import { findDifferences } from "../support/oracle.ts";
import { startWriting, type Writing } from "../support/writing.ts";

let writing: Writing;

beforeAll(async () => {
  writing = await startWriting({ mirror: { life: "file" } });
});

const CONFLICT = { kind: "refusal", code: "concurrent_write_conflict" } as const;

/** Has the next writes refused as conflicts; gives what is asked of Attio from then on. */
function conflicts(where: Partial<Fault>, times: number) {
  const { sandbox } = writing.mirror;
  const since = sandbox.log.count();
  const fault = sandbox.faults.add({ ...CONFLICT, ...where, times } as Fault);
  return {
    fault,
    asked: () =>
      sandbox.log
        .filter({})
        .slice(since)
        .map(({ method, path, kind, status }) => ({ method, path, kind, status })),
  };
}

async function personId(place: number): Promise<string> {
  const rows = await writing.user<{ id: string }[]>`
    SELECT record_id AS id FROM attio.people ORDER BY record_id`;
  return rows[place]?.id ?? "";
}

const last = async () => {
  const [change] = await writing.user<{ status: string; code: string | null; attempts: number }[]>`
    SELECT status, error_code AS code, attempts FROM attio_sync.outbox ORDER BY id DESC LIMIT 1`;
  return change;
};

function titleOf(id: string): unknown {
  const { store } = writing.mirror.sandbox;
  const [value] = store.values(store.record("people", id), "job_title").active;
  return (value?.fields as Record<string, unknown> | undefined)?.["value"];
}

const companies = (name: string) => {
  const { store } = writing.mirror.sandbox;
  return store.records("companies").filter((one) => {
    const [value] = store.values(one, "name").active;
    return (value?.fields as Record<string, unknown> | undefined)?.["value"] === name;
  });
};

it.each([1, 4])("PATCH: after %i conflicts the change is in Attio, by one attempt", async (times) => {
  const { user, push } = writing;
  const id = await personId(times);
  const { fault, asked } = conflicts({ method: "PATCH" }, times);
  await user`UPDATE attio.people SET job_title = 'Captain' WHERE record_id = ${id}`;
  await push();
  expect(fault.hits).toBe(times);
  expect(titleOf(id)).toBe("Captain");
  expect(await last()).toEqual({ status: "pushed", code: null, attempts: 1 });
  // The record is read anew before each write.
  const own = asked().filter(({ path }) => path.includes(id));
  expect(own.map(({ method }) => method)).toEqual(
    Array.from({ length: times + 1 }, () => ["GET", "PATCH"]).flat(),
  );
});

it("PUT: what takes a value away is decided anew after a conflict, and keeps what Attio has by then", async () => {
  const { user, push, mirror } = writing;
  const { store } = mirror.sandbox;
  const record = store.createRecord("people", {
    email_addresses: ["stays@put-conflict.com", "goes@put-conflict.com"],
  });
  await mirror.backfill({ streams: ["people"] });
  const { fault } = conflicts({ method: "PUT", path: record.id }, 1);
  const stop = mirror.sandbox.onRequest(({ method, path }) => {
    if (method !== "PUT" || !path.includes(record.id)) return;
    stop();
    const address = ["stays@put-conflict.com", "goes@put-conflict.com", "comes@put-conflict.com"];
    store.updateRecord("people", record.id, { email_addresses: address });
  });
  await user`
    UPDATE attio.people SET email_addresses = ARRAY['stays@put-conflict.com'] WHERE record_id = ${record.id}`;
  await push();
  expect(fault.hits).toBe(1);
  const left = store.values(store.record("people", record.id), "email_addresses").active;
  expect(left.map(({ fields }) => (fields as Record<string, unknown>)["email_address"]).toSorted()).toEqual([
    "comes@put-conflict.com",
    "stays@put-conflict.com",
  ]);
  expect(await last()).toMatchObject({ status: "pushed", attempts: 1 });
});

it("assert: a record that another one makes meanwhile is bound to, and not made twice", async () => {
  const { user, push, mirror } = writing;
  const { fault } = conflicts({ method: "PUT", path: /records$/ }, 1);
  const stop = mirror.sandbox.onRequest(({ method, path }) => {
    if (method !== "PUT" || !path.endsWith("/records")) return;
    stop();
    mirror.sandbox.store.createRecord("companies", { name: "Asserted", domains: ["assert-conflict.com"] });
  });
  await user`INSERT INTO attio.companies (name, domains) VALUES ('Asserted', ARRAY['assert-conflict.com'])`;
  await push();
  expect(fault.hits).toBe(1);
  expect(companies("Asserted")).toHaveLength(1);
  expect(await last()).toMatchObject({ status: "pushed", attempts: 1 });
});

it("a create without a key looks for what it made before it is sent again, without waiting for a grace", async () => {
  const { user, push } = writing;
  const { fault, asked } = conflicts({ method: "POST", path: /records$/ }, 2);
  const startedAt = Date.now();
  await user`INSERT INTO attio.companies (name) VALUES ('Created')`;
  await push();
  expect(Date.now() - startedAt).toBeLessThan(14_000);
  expect(fault.hits).toBe(2);
  expect(companies("Created")).toHaveLength(1);
  expect(await last()).toEqual({ status: "pushed", code: null, attempts: 1 });
  expect(
    asked()
      .filter(({ path }) => path.includes("/records"))
      .map(({ path, kind }) => (kind === "write" ? "create" : path.endsWith("query") ? "look" : path)),
  ).toEqual(["create", "look", "create", "look", "create"]);
});

it("more conflicts than an attempt has tries: given back, not counted as maybe carried out, and pushed later", async () => {
  const { user, pusher, push, mirror } = writing;
  const { fault } = conflicts({ method: "POST", path: /records$/ }, 5);
  await user`INSERT INTO attio.companies (name) VALUES ('Stubborn')`;
  await pusher.run();
  expect(fault.hits).toBe(5);
  const [waiting] = await user`
    SELECT status, error_code, attempts, attempted_at, due_at > now() AS rests FROM attio_sync.outbox
    ORDER BY id DESC LIMIT 1`;
  expect(waiting).toEqual({
    status: "pending",
    error_code: "concurrent_write_conflict",
    attempts: 1,
    attempted_at: null,
    rests: true,
  });
  await push();
  expect(companies("Stubborn")).toHaveLength(1);
  await mirror.backfill({ streams: ["people"] });
  await drain(mirror);
  expect(await findDifferences(mirror.sandbox, mirror.db.sql, { resources: [] })).toEqual([]);
});
