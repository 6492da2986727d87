import { expect, test } from "vitest";
import { createLogger } from "../src/logger.ts";

/** What is written of an error. */
function written(error: unknown): string {
  let line = "";
  const log = createLogger("info", { write: (text) => void (line += text) });
  log.warn({ err: error }, "failed");
  return line;
}

test("of an error its kind, message and place are written, and nothing that hangs on it", () => {
  const client = { connectionParameters: { password: "hush" }, row: ["a customer's value"] };
  const error = Object.assign(new TypeError("it broke"), {
    client,
    code: "57P01",
    detail: "a customer's value",
  });
  const line = JSON.parse(written(error)) as { err: Record<string, unknown> };
  expect(line.err).toEqual({
    type: "TypeError",
    message: "it broke",
    code: "57P01",
    stack: expect.stringContaining("logger.test.ts") as string,
  });
  expect(written(error)).not.toMatch(/hush|customer/);
});

test("of a query that failed, the reason is written and not the values it was sent with", () => {
  class DrizzleQueryError extends Error {}
  const line = written(
    new DrizzleQueryError("params: a customer's value", { cause: new Error("gone away") }),
  );
  expect(line).toContain("gone away");
  expect(line).not.toContain("customer");
});

test("of what stands behind an error the same is left out, in message and stack", () => {
  const refusal = Object.assign(new Error("I do not like Eve"), {
    code: "P0001",
    severity: "ERROR",
    routine: "exec_stmt_raise",
    table_name: "people",
  });
  const line = JSON.parse(written(new Error("the page failed", { cause: refusal }))) as {
    err: Record<string, unknown>;
  };
  expect(line.err).toMatchObject({
    message: "the page failed: PostgreSQL raised P0001; its words are left out, since they may quote values",
    code: "P0001",
    table_name: "people",
  });
  expect(JSON.stringify(line)).not.toContain("Eve");
});

test("what a text that is no JSON says is left out, and what PostgreSQL says of names is not", () => {
  let reason: unknown;
  try {
    JSON.parse("Eve");
  } catch (error) {
    reason = error;
  }
  expect(written(reason)).not.toContain("Eve");
  const missing = Object.assign(new Error('relation "x" does not exist'), {
    code: "42P01",
    severity: "ERROR",
  });
  expect(written(missing)).toContain("does not exist");
});
