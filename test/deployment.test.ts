import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { describeVariables } from "../src/config.ts";

const root = resolve(import.meta.dirname, "..");
const lines = (file: string) => readFileSync(join(root, file), "utf8").split("\n");

test("the image has what its Dockerfile copies: .dockerignore leaves none of it out", () => {
  const sources = lines("Dockerfile").flatMap((line) => {
    const [instruction, ...words] = line.split(" ");
    return instruction === "COPY" && !line.includes("--from=") ? words.slice(0, -1) : [];
  });
  const [first, ...kept] = lines(".dockerignore").filter((line) => line !== "");
  expect(first).toBe("*");
  expect(sources.length).toBeGreaterThan(5);
  expect(sources.filter((source) => !kept.includes(`!${source}`))).toEqual([]);
});

test(".env.example has every variable, commented out but for the one that must be set (npm run docs writes it)", () => {
  const names = lines(".env.example").flatMap((line) => /^(?:# )?([A-Z_]+)=/.exec(line)?.[1] ?? []);
  expect(names).toEqual(describeVariables().map(({ name }) => name));
  const set = lines(".env.example").filter((line) => /^[A-Z]/.test(line));
  expect(set).toEqual(["ATTIO_API_KEY="]);
});

test("docker compose hands every variable of .env on to the daemon", () => {
  expect(lines("docker-compose.yml").map((line) => line.trim())).toContain("env_file: .env");
});
