import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");

/** Rules of the design. */
const RULES = 33;

const rows = [...read("docs/failure-modes.md").matchAll(/^\| (.+?) *\| `(test\/.+?)` *\| (.+?) *\|$/gm)].map(
  ([, what = "", file = "", name = ""]) => ({ what, file, name }),
);

test("docs/failure-modes.md names a test for every rule", () => {
  const named = new Set(rows.map(({ what }) => what));
  const numbers = Array.from({ length: RULES }, (_, index) => String(index + 1));
  expect(numbers.filter((rule) => !named.has(rule))).toEqual([]);
});

test("each test that docs/failure-modes.md names is in the file that it names", () => {
  // A title is a whole string and not the last argument.
  expect(rows.filter(({ file, name }) => !read(file).includes(`"${name}",`))).toEqual([]);
  expect(rows.length).toBeGreaterThan(RULES);
});
