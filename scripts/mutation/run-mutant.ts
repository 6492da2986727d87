import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Guard } from "./guards.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** What tests read of a checkout. */
const COPIED = ["src", "test", "scripts", "drizzle", "package.json", "tsconfig.json"];

/** Above the slowest test, below what a hanging one would cost. */
const LIMIT_MS = 120_000;

/** What became of a mutant. */
export type Fate =
  | { kind: "caught"; by: string }
  /** Tests ran, and none of them failed. */
  | { kind: "survived" }
  /** Nothing was shown: no test ran, or none failed by what it expects. */
  | { kind: "unclear"; why: string };

/** A copy of the tree, in which one mutant at a time is tried. */
export interface Copy {
  try(guard: Guard): Promise<Fate>;
  remove(): Promise<void>;
}

/** Copies the tree, so that the checkout itself is never changed. @param databaseUrl the tests' PostgreSQL */
export async function makeCopy(databaseUrl: string): Promise<Copy> {
  const folder = await mkdtemp(join(tmpdir(), "attio-mirror-mutants-"));
  for (const name of COPIED) await cp(join(ROOT, name), join(folder, name), { recursive: true });
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  return {
    try: async (guard) => {
      const file = join(folder, guard.file);
      const original = await readFile(file, "utf8");
      await writeFile(file, mutate(original, guard));
      try {
        return await runTest(folder, guard, databaseUrl);
      } finally {
        await writeFile(file, original);
      }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Makes sure that every guard is still where it is said to be. @throws naming those that are not */
export async function expectGuards(guards: readonly Guard[]): Promise<void> {
  for (const guard of guards) mutate(await readFile(join(ROOT, guard.file), "utf8"), guard);
}

function mutate(text: string, { name, file, source, mutant }: Guard): string {
  const parts = text.split(source);
  if (parts.length !== 2)
    throw new Error(`guard "${name}": its source stands in ${file} ${parts.length - 1} times, not once`);
  return parts.join(mutant);
}

async function runTest(folder: string, guard: Guard, databaseUrl: string): Promise<Fate> {
  const report = join(folder, "report.json");
  await rm(report, { force: true });
  const args = ["run", guard.test, "--reporter=json", `--outputFile.json=${report}`, "--bail=1"];
  args.push("--config=scripts/mutation/vitest.config.ts");
  if (guard.named !== undefined) args.push("--testNamePattern", escapePattern(guard.named));
  const child = spawn(process.execPath, [join(ROOT, "node_modules/vitest/vitest.mjs"), ...args], {
    cwd: folder,
    env: { ...process.env, DATABASE_URL: databaseUrl },
    stdio: "ignore",
    timeout: LIMIT_MS,
  });
  await once(child, "exit");
  try {
    return judge(JSON.parse(await readFile(report, "utf8")) as Report);
  } catch {
    return { kind: "unclear", why: `no report within ${LIMIT_MS / 1_000} s` };
  }
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

/** What is read of vitest's JSON report. */
export interface Report {
  numPassedTests: number;
  testResults: {
    message: string;
    assertionResults: { status: string; title: string; failureMessages: string[] }[];
  }[];
}

/** A mutant is caught by what a test expects; a file that can't be loaded or a statement that can't be parsed shows nothing. Pure. */
export function judge({ numPassedTests, testResults }: Report): Fate {
  const failed = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === "failed");
  const caught = failed.find(({ failureMessages }) => failureMessages.some(isOfExpectation));
  if (caught !== undefined) return { kind: "caught", by: caught.title };
  const why = failed[0]?.failureMessages[0] ?? testResults.find(({ message }) => message !== "")?.message;
  if (why !== undefined) return { kind: "unclear", why: why.split("\n", 1)[0] ?? "" };
  return numPassedTests > 0 ? { kind: "survived" } : { kind: "unclear", why: "no test ran" };
}

/** A property's failure has the assertion as its cause. */
function isOfExpectation(message: string): boolean {
  return /^(AssertionError|Error: Property failed)/.test(message);
}
