import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { claimDue, markDirty, returnMarks, settleMarks } from "../../src/db/queries/dirty.ts";
import { createMigratedDatabase, type MigratedDatabase } from "../support/migrated.ts";

const RECORDS = 100;
const ROUNDS = 10;

let database: MigratedDatabase;

beforeAll(async () => {
  database = await createMigratedDatabase();
  return () => database.drop();
});

/** Records of a stream, in an order that is nobody's. */
const ids = { companies: many(), people: many() };

function many(): string[] {
  return Array.from({ length: RECORDS }, () => randomUUID());
}

async function claimAll(stream: "companies" | "people") {
  await markDirty(database.sql, stream, ids[stream], "edited");
  return claimDue(database.sql, stream, RECORDS);
}

function doorbells(stream: "companies" | "people") {
  return ids[stream].map((id) => ({ stream, id, reason: "other side of a reference" }));
}

/** Transactions of one attempt each: `transact` would try again, after a second. */
async function endWell(transactions: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(transactions);
  expect(outcomes.filter(({ status }) => status === "rejected")).toEqual([]);
}

test("deadlock between two streams: batches whose records refer to each other settle one after the other", async () => {
  const { sql } = database;
  for (let round = 0; round < ROUNDS; round++) {
    const people = await claimAll("people");
    const companies = await claimAll("companies");
    expect([people.length, companies.length]).toEqual([RECORDS, RECORDS]);
    await endWell([
      sql.begin((tx) => settleMarks(tx, "people", people, { doorbells: doorbells("companies") })),
      sql.begin((tx) => settleMarks(tx, "companies", companies, { doorbells: doorbells("people") })),
    ]);
  }
});

test("deadlock between two batches: what failed is given back while doorbells ring for it", async () => {
  const { sql } = database;
  for (let round = 0; round < ROUNDS; round++) {
    const people = (await claimAll("people")).map(({ id }) => id);
    await endWell([
      sql.begin((tx) => returnMarks(tx, "people", people.reverse(), { failed: true })),
      markDirty(sql, "people", ids.people, "edited"),
    ]);
  }
});
