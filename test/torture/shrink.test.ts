import fc from "fast-check";
import { expect, it } from "vitest";
import { shrink } from "./shrink.ts";

const NEVER = () => false;

it("of a list that fails for some of its members these alone are left, in their order", async () => {
  const cases = fc.uniqueArray(fc.nat(200), { minLength: 1, maxLength: 60 }).chain((list) =>
    fc.record({
      list: fc.constant(list),
      guilty: fc.subarray(list, { minLength: 1, maxLength: Math.min(4, list.length) }),
    }),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ({ list, guilty }) => {
      const fails = (shorter: readonly number[]) =>
        Promise.resolve(guilty.every((one) => shorter.includes(one)));
      expect(await shrink(list, fails, NEVER)).toEqual(guilty);
    }),
  );
});

it("when the time is up, what is returned has failed", async () => {
  let tries = 0;
  const failed: (readonly number[])[] = [];
  const fails = (shorter: readonly number[]) => {
    tries += 1;
    if (shorter.includes(7)) failed.push(shorter);
    return Promise.resolve(shorter.includes(7));
  };
  const list = Array.from({ length: 20 }, (_, place) => place);
  const shortest = await shrink(list, fails, () => tries >= 3);
  expect(failed).toContainEqual(shortest);
  expect(shortest.length).toBeGreaterThan(1);
});
