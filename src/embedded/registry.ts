import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Which processes use one embedded server. The last to leave stops it, so that it outlives whoever started it. */
export interface Registry {
  enter(): Promise<void>;
  /** Signs this process off; true when no other living process uses the server. */
  leave(): Promise<boolean>;
}

/**
 * Opens the registry of a server: a file for each use, named by process.
 *
 * @param folder folder of ours.
 * @param token tells apart several uses by one process.
 */
export function openRegistry(folder: string, token: string): Registry {
  const usersFolder = join(folder, "users");
  const own = `${process.pid}-${token}`;
  return {
    async enter() {
      await mkdir(usersFolder, { recursive: true });
      await writeFile(join(usersFolder, own), "");
    },
    async leave() {
      await rm(join(usersFolder, own), { force: true });
      const others = await readdir(usersFolder);
      for (const name of others) {
        if (isAlive(Number.parseInt(name, 10))) return false;
        // Left behind by a process that was killed.
        await rm(join(usersFolder, name), { force: true });
      }
      return true;
    },
  };
}

/** Whether a process exists; one that is not ours exists too. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
