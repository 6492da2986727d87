import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { buildProgram } from "../src/cli/run.ts";
import { describeVariables } from "../src/config.ts";
import { createTestIo } from "./support/cli.ts";

const root = resolve(import.meta.dirname, "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");

/** The cells of every table row, without the spaces that align them. */
function tableRows(markdown: string): string[][] {
  return markdown
    .split("\n")
    .filter((line) => /^\|(?! *-)/.test(line))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** The words in backticks in a table's first column. */
function namesIn(markdown: string): string[] {
  return tableRows(markdown).flatMap(([first = ""]) =>
    [...first.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
  );
}

test("docs/configuration.md lists every variable with its default and meaning (npm run docs writes it)", () => {
  const expected = describeVariables().map(({ name, description, fallback }) => [
    `\`${name}\``,
    fallback === null ? "not set" : `\`${fallback}\``,
    description,
  ]);
  expect(tableRows(read("docs/configuration.md")).slice(1)).toEqual(expected);
});

test("docs/errors.md lists every error code of the program, and no other", () => {
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ts"),
  );
  const codes = sources.flatMap((file) =>
    [...read(join("src", file)).matchAll(/(?:super|new MirrorError)\(\s*"([A-Z_]+)"/g)].map(
      ([, code = ""]) => code,
    ),
  );
  const listed = namesIn(read("docs/errors.md")).filter((name) => /^[A-Z_]+$/.test(name));
  expect(listed.toSorted()).toEqual([...new Set(codes)].toSorted());
});

test("docs/dependencies.md explains every dependency, and no other", () => {
  const manifest = JSON.parse(read("package.json")) as Record<
    "dependencies" | "devDependencies",
    Record<string, string>
  >;
  const declared = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.devDependencies)];
  expect(namesIn(read("docs/dependencies.md")).toSorted()).toEqual(declared.toSorted());
});

test("the README lists every command, and no other", () => {
  const commands = buildProgram(createTestIo(), () => Promise.resolve()).commands.map((command) =>
    command.name(),
  );
  const listed = namesIn(read("README.md")).map((name) => name.split(" ")[0]);
  expect(listed.toSorted()).toEqual(commands.toSorted());
});

describe("links between pages lead somewhere:", () => {
  const pages = ["README.md", ...readdirSync(join(root, "docs")).map((file) => `docs/${file}`)];
  test.each(pages.filter((page) => page.endsWith(".md")))("%s", (page) => {
    const targets = [...read(page).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, target = ""]) => target);
    const broken = targets.filter((target) => !existsSync(join(root, dirname(page), target)));
    expect(broken).toEqual([]);
  });
});
