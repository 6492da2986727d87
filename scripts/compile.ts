import { execFile } from "node:child_process";
import { copyFile, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const ROOT = resolve(import.meta.dirname, "..");

/** Gives the path of a compiled file by that of its source without the ending, such as `src/main`. */
export type Program = (name: string) => string;

/**
 * Compiles sources for processes that tests and benchmarks start: a loader that translates them at run time would cost
 * every process as much time as the work it is started for.
 *
 * @param user whose they are; each has a folder of its own
 * @param folders besides `src`
 */
export async function compile(user: string, folders: readonly string[]): Promise<Program> {
  const out = join(ROOT, "node_modules/.cache", user);
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  // Below node_modules the project's own package.json does not count.
  await copyFile(join(ROOT, "package.json"), join(out, "package.json"));
  await symlink(join(ROOT, "drizzle"), join(out, "drizzle"));
  await writeFile(
    join(out, "tsconfig.json"),
    JSON.stringify({
      extends: join(ROOT, "tsconfig.json"),
      compilerOptions: { noEmit: false, noCheck: true, rootDir: ROOT, outDir: out, sourceMap: true },
      include: ["src", ...folders].map((folder) => join(ROOT, folder)),
    }),
  );
  const compiler = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  await promisify(execFile)(process.execPath, [compiler, "-p", out]);
  return (name) => join(out, `${name}.js`);
}
