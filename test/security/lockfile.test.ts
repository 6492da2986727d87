import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

interface LockedPackage {
  integrity?: string;
  /** Comes inside of another package, whose integrity covers it. */
  inBundle?: boolean;
}

test("every package of the lockfile has a checksum that npm compares, and none comes from elsewhere than a registry", () => {
  const file = join(resolve(import.meta.dirname, "..", ".."), "package-lock.json");
  const { packages } = JSON.parse(readFileSync(file, "utf8")) as {
    packages: Record<string, LockedPackage & { resolved?: string }>;
  };
  const installed = Object.entries(packages).filter(([path]) => path !== "");
  expect(installed.length).toBeGreaterThan(100);
  const unchecked = installed.filter(
    ([, { integrity, inBundle }]) => inBundle !== true && integrity?.startsWith("sha512-") !== true,
  );
  expect(unchecked.map(([path]) => path)).toEqual([]);
  const foreign = installed.filter(([, { resolved = "" }]) => /^(git|file|http:)/.test(resolved));
  expect(foreign.map(([path]) => path)).toEqual([]);
});
