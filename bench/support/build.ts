import { execFile } from "node:child_process";
import { copyFile, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const ROOT = resolve(import.meta.dirname, "../..");
const OUT = join(ROOT, "node_modules/.cache/bench");

/**
 * Compiles the sources: a loader that translates them at run time would count in what is measured. Gives the path of a
 * compiled file by that of its source without the ending, such as `src/main`.
 */
export async function build(): Promise<(name: string) => string> {
  await rm(OUT, { recursive: true, force: true });
  await mkdir(OUT, { recursive: true });
  // Below node_modules the project's own package.json does not count.
  await copyFile(join(ROOT, "package.json"), join(OUT, "package.json"));
  await symlink(join(ROOT, "drizzle"), join(OUT, "drizzle"));
  await writeFile(
    join(OUT, "tsconfig.json"),
    JSON.stringify({
      extends: join(ROOT, "tsconfig.json"),
      compilerOptions: { noEmit: false, noCheck: true, rootDir: ROOT, outDir: OUT, sourceMap: true },
      include: [join(ROOT, "src"), join(ROOT, "bench")],
    }),
  );
  const compiler = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  await promisify(execFile)(process.execPath, [compiler, "-p", OUT]);
  return (name) => join(OUT, `${name}.js`);
}
