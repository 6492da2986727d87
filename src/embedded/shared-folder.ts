import { lstat, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmbeddedPostgresError } from "../errors.ts";
import { mayReach, type ServerUser } from "./server-user.ts";

const OTHERS_MAY_WRITE = 0o022;

/** Folders that any user can enter, best first: /var/lib survives a reboot, the temporary folder may not. */
function candidates(): string[] {
  return [join("/var/lib", "attio-mirror"), join(tmpdir(), "attio-mirror")];
}

/**
 * A folder of ours which the server's user can enter, for when the checkout or the data folder is closed to it.
 *
 * @throws EmbeddedPostgresError where no candidate can be made or trusted.
 */
export async function findSharedFolder(user: ServerUser): Promise<string> {
  for (const folder of candidates()) {
    if (await isUsable(folder, user)) return folder;
  }
  throw new EmbeddedPostgresError(
    `no folder that user ${user.name} can enter is available for PostgreSQL (tried ${candidates().join(", ")}); ` +
      "set DATA_DIR to a folder that others can enter, or set DATABASE_URL",
  );
}

async function isUsable(folder: string, user: ServerUser): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    const found = await lstat(folder);
    // In a temporary folder another user may have laid a trap under this name: programs are started from here.
    const ours = found.isDirectory() && found.uid === process.getuid?.();
    return ours && (found.mode & OTHERS_MAY_WRITE) === 0 && (await mayReach(folder, user));
  } catch {
    return false;
  }
}
