import { describe, expect, it } from "vitest";
import {
  ATTIO_ERROR_CODES,
  AttioApiError,
  AttioNetworkError,
  AttioSchemaError,
  AttioTimeoutError,
} from "../../src/attio/index.ts";
import { decideOutcome, OUTCOMES } from "../../src/sync/push/outcomes.ts";

const where = { method: "PATCH", path: "/v2/objects/people/records/r", attempt: 1 };

function refused(status: number, code: string): AttioApiError {
  const details = { type: null, message: "", executionId: null, validationPaths: [], retryAfterMs: 0 };
  return new AttioApiError({ ...details, status, code }, where);
}

describe("what becomes of a change that Attio refuses", () => {
  it.each(ATTIO_ERROR_CODES)("%s has one outcome, whatever its status", (code) => {
    const outcomes = new Set([400, 403, 404, 409, 422].map((status) => decideOutcome(refused(status, code))));
    expect([...outcomes]).toEqual([OUTCOMES[code]]);
  });

  it("two conflicts of one status end differently", () => {
    expect(decideOutcome(refused(409, "uniqueness_conflict"))).toBe("refuse");
    expect(decideOutcome(refused(409, "concurrent_write_conflict"))).toBe("read_again");
  });

  it.each([
    [400, "a_code_of_the_future", "refuse"],
    [409, "a_code_of_the_future", "refuse"],
    [429, "a_code_of_the_future", "retry"],
    [503, "a_code_of_the_future", "retry"],
    [400, "toString", "refuse"],
    [401, "http_401", "pause_stream"],
    [403, "http_403", "retry"],
    [404, "http_404", "retry"],
    [413, "http_413", "refuse"],
    [429, "http_429", "retry"],
    [502, "http_502", "retry"],
  ])("%i %s, which no table knows: %s", (status, code, outcome) => {
    expect(decideOutcome(refused(status, code))).toBe(outcome);
  });

  it("what has no answer that can be read is tried again", () => {
    const errors = [
      new AttioNetworkError("maybe", where),
      new AttioTimeoutError("maybe", 1_000, where),
      new AttioSchemaError("truncated", "cut", where),
    ];
    expect(errors.map(decideOutcome)).toEqual(["retry", "retry", "retry"]);
  });
});
