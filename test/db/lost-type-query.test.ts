import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { program } from "../support/program.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test("a connection that is lost while the driver asks for types does not end the process", () => {
  const args = [program("test/fixtures/lose-type-query"), database.url];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect({ status, told: JSON.parse(stdout) as unknown }).toEqual({
    status: 0,
    told: { cuts: 1, first: "failed", list: ["a", "b"] },
  });
});
