import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { program } from "../support/program.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test.each([
  ["closed", "in a statement"],
  ["reset", "in a statement"],
  ["closed", "between statements"],
  ["reset", "between statements"],
])("a transaction whose connection is %s %s fails, and its pool goes on", (how, when) => {
  const args = [program("test/fixtures/cut-transaction"), database.url, how, when];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 30_000 });
  expect({ status, stdout, stderr }).toEqual({
    status: 0,
    stdout: JSON.stringify({
      outcomes: ["failed", "committed", "failed", "committed", "failed", "committed"],
      words: ["kept", "kept", "kept"],
    }),
    stderr: "",
  });
});
