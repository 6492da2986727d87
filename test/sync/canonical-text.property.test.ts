import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalText } from "../../src/sync/mapping/canonical-text.ts";

const anyValue = fc.oneof(
  fc.constant(null),
  fc.constantFrom("", "-", "1:a", "[0:", "{2:{}", "0:"),
  fc.string({ maxLength: 3 }),
  fc.integer({ min: -12, max: 12 }),
  fc.boolean(),
  fc.array(fc.oneof(fc.string({ maxLength: 2 }), fc.constant(null)), { maxLength: 2 }),
  fc.record({ a: fc.string({ maxLength: 2 }) }),
);
const anyRow = fc.array(anyValue, { maxLength: 4 });

function rowText(values: readonly unknown[]): string {
  return values.map(canonicalText).join("");
}

test("two rows have one text only if all of their values are equal", () => {
  fc.assert(
    fc.property(anyRow, anyRow, (one, other) => {
      expect(rowText(one) === rowText(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
    }),
    { numRuns: 5_000 },
  );
});

test("where one value ends does not depend on what it holds", () => {
  expect(rowText(["a", "b1:"])).not.toBe(rowText(["ab", "1:"]));
  expect(rowText([["a"], "b"])).not.toBe(rowText([["a", "b"]]));
  expect(rowText([1, 2])).not.toBe(rowText([12]));
  expect(rowText([null])).not.toBe(rowText(["-"]));
});
