import { createHash, randomBytes } from "node:crypto";
import { chown, link, mkdir, readFile, stat, unlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { EmbeddedPostgresError } from "../errors.ts";
import type { Log } from "../logger.ts";
import { findServerUser, mayReach, type ServerUser } from "./server-user.ts";
import { findSharedFolder } from "./shared-folder.ts";

/** What is known of one embedded server: its secret and the places where it keeps things. */
export interface ServerHome {
  /** Folder of ours in DATA_DIR: state, log, registry of processes. */
  folder: string;
  /** Folder that belongs to the server's user; holds the cluster. */
  serverFolder: string;
  /** PostgreSQL's data directory, inside `serverFolder`. */
  clusterFolder: string;
  logFile: string;
  password: string;
  user: ServerUser | null;
}

const stateSchema = z.object({
  /** Where the server's own folder is: inside DATA_DIR, or an absolute path that its user can reach. */
  serverFolder: z.union([z.literal("inside"), z.string().startsWith("/")]),
  password: z.string().min(1),
});
type State = z.infer<typeof stateSchema>;

/**
 * Finds or founds the home of the embedded server under DATA_DIR. The choice of place is written down at the first start, so
 * that a later change of a folder's mode can't make the data seem gone.
 *
 * @param dataDir DATA_DIR, relative to the working directory or absolute.
 * @throws EmbeddedPostgresError where DATA_DIR can't be used.
 */
export async function openHome(dataDir: string, log: Log): Promise<ServerHome> {
  const folder = join(resolve(dataDir), "postgres");
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw new EmbeddedPostgresError(`DATA_DIR ${resolve(dataDir)} cannot be made or written to`, { cause });
  }
  const stateFile = join(folder, "state.json");
  const state = (await readState(stateFile)) ?? (await createState(stateFile, folder, log));
  const serverFolder = state.serverFolder === "inside" ? join(folder, "server") : state.serverFolder;
  const user = await prepareServerFolder(serverFolder);
  return {
    folder,
    serverFolder,
    clusterFolder: join(serverFolder, "cluster"),
    logFile: join(folder, "postgres.log"),
    password: state.password,
    user,
  };
}

async function readState(file: string): Promise<State | null> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  const parsed = stateSchema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new EmbeddedPostgresError(
    `${file} is damaged; restore it, or remove DATA_DIR to start with an empty database`,
  );
}

async function createState(file: string, folder: string, log: Log): Promise<State> {
  const user = findServerUser((await stat(folder)).uid);
  const serverFolder =
    (await mayReach(folder, user)) || user === null ? "inside" : await chooseOutside(folder, user);
  if (serverFolder !== "inside") {
    log.warn({ folder: serverFolder }, "PostgreSQL's user cannot enter DATA_DIR; its data is kept elsewhere");
  }
  const state: State = { serverFolder, password: randomBytes(24).toString("hex") };
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  await writeFile(temporary, JSON.stringify(state, null, 2) + "\n", { mode: 0o600 });
  try {
    // A link fails where the file exists: of two processes that start at once, both go on with the same password.
    await link(temporary, file);
    return state;
  } catch (error) {
    const other = await readState(file);
    if (other === null) throw error;
    return other;
  } finally {
    await unlink(temporary);
  }
}

/** The name carries random digits: who deletes DATA_DIR wants an empty database, not the old one with a lost password. */
async function chooseOutside(folder: string, user: ServerUser): Promise<string> {
  const key = createHash("sha256").update(folder).digest("hex").slice(0, 12);
  return join(await findSharedFolder(user), `data-${key}-${randomBytes(4).toString("hex")}`);
}

/** Makes the folder that the server's user owns, and tells who that is. */
async function prepareServerFolder(serverFolder: string): Promise<ServerUser | null> {
  await mkdir(serverFolder, { recursive: true, mode: 0o700 });
  const owner = (await stat(serverFolder)).uid;
  const user = findServerUser(owner);
  if (user === null) return null;
  if (owner !== user.uid) await chown(serverFolder, user.uid, user.gid);
  if (await mayReach(serverFolder, user)) return user;
  throw new EmbeddedPostgresError(
    `PostgreSQL's user ${user.name} cannot enter ${serverFolder}, where its data is; let others enter the folders above it`,
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
