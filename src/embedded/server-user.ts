import { readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { EmbeddedPostgresError } from "../errors.ts";

/** The system user that the server runs as; null = the user that we are. */
export interface ServerUser {
  name: string;
  uid: number;
  gid: number;
}

interface Mode {
  uid: number;
  gid: number;
  mode: number;
}

const OTHERS_MAY_ENTER = 0o001;
const GROUP_MAY_ENTER = 0o010;
const OWNER_MAY_ENTER = 0o100;

/** Reads the users of a passwd(5) file: `name:password:uid:gid:…` a line. */
export function parsePasswd(text: string): ServerUser[] {
  return text.split("\n").flatMap((line) => {
    const [name, , uid, gid] = line.split(":");
    if (name === undefined || uid === undefined || gid === undefined) return [];
    return [{ name, uid: Number(uid), gid: Number(gid) }];
  });
}

/**
 * Picks whom to run the server as when we are root, which PostgreSQL refuses: the owner of the data where there is one,
 * else `nobody`, else a `postgres` user. The user must have a passwd entry, since initdb looks its own name up.
 *
 * @param owner uid of the owner of the data (or of its folder), null where unknown.
 * @throws EmbeddedPostgresError where the system has no unprivileged user to offer.
 */
export function pickServerUser(users: readonly ServerUser[], owner: number | null): ServerUser {
  const byUid = users.find((user) => user.uid === owner && user.uid !== 0);
  const byName = (name: string) => users.find((user) => user.name === name && user.uid !== 0);
  const picked = byUid ?? byName("nobody") ?? byName("postgres");
  if (picked !== undefined) return picked;
  throw new EmbeddedPostgresError(
    "PostgreSQL refuses to run as root and this system has neither a user nobody nor a user postgres; " +
      "run as an ordinary user or set DATABASE_URL",
  );
}

/** Whom to run the server as; null when we are an ordinary user ourselves (or on Windows). */
export function findServerUser(owner: number | null): ServerUser | null {
  if (process.getuid?.() !== 0) return null;
  return pickServerUser(parsePasswd(readFileSync("/etc/passwd", "utf8")), owner);
}

/** Whether a user may enter a folder, by its mode bits. */
export function mayEnter(folder: Mode, user: Pick<ServerUser, "uid" | "gid">): boolean {
  if (folder.uid === user.uid) return (folder.mode & OWNER_MAY_ENTER) !== 0;
  if (folder.gid === user.gid) return (folder.mode & GROUP_MAY_ENTER) !== 0;
  return (folder.mode & OTHERS_MAY_ENTER) !== 0;
}

/** Whether a user may enter every folder down to and including an absolute path. */
export async function mayReach(folder: string, user: ServerUser | null): Promise<boolean> {
  if (user === null) return true;
  if (!mayEnter(await stat(folder), user)) return false;
  const parent = dirname(folder);
  return parent === folder ? true : mayReach(parent, user);
}

/** The `uid` and `gid` options of a child process. */
export function spawnIdentity(user: ServerUser | null): { uid?: number; gid?: number } {
  return user === null ? {} : { uid: user.uid, gid: user.gid };
}
