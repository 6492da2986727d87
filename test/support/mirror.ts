import { afterAll, afterEach } from "vitest";
import { createAttioClient, createLocalBudget, type AttioClient } from "../../src/attio/index.ts";
import { migrate, openDatabase, type Database } from "../../src/db/index.ts";
import { silentLog } from "../../src/logger.ts";
import { startSandbox, type Sandbox, type SandboxOptions } from "../../src/sandbox/index.ts";
import { backfill, type BackfillOptions, type StreamResult } from "../../src/sync/backfill/index.ts";
import type { SyncDeps } from "../../src/sync/deps.ts";
import { syncSchema, type SchemaSync } from "../../src/sync/schema/sync-schema.ts";
import { createTestDatabase, type TestDatabase } from "./database.ts";

/** How a mirror is set up. */
export interface MirrorOptions {
  /** The workspace; empty (standard objects without records) if left out. */
  sandbox?: SandboxOptions;
  raw?: boolean;
  deleteMode?: SyncDeps["deleteMode"];
  outbound?: SyncDeps["outbound"];
  /** The database; an empty one of its own if left out. */
  database?: TestDatabase;
  /** `test`, the default: gone with the test; `file`: for `beforeAll`, gone with the file. */
  life?: "test" | "file";
}

/** A process's side of a mirror: its own connections, client and budgets. */
export interface MirrorProcess {
  readonly db: Database;
  readonly client: AttioClient;
  readonly deps: SyncDeps;
  backfill(options?: BackfillOptions): Promise<StreamResult[]>;
  syncSchema(): Promise<SchemaSync>;
}

/** A sandbox, a migrated database of its own and everything between them. */
export interface Mirror extends MirrorProcess {
  readonly sandbox: Sandbox;
  /** One more process on the same sandbox and database. */
  another(): Promise<MirrorProcess>;
}

type Undo = () => Promise<void>;

const undos: Record<"test" | "file", Undo[]> = { test: [], file: [] };

afterEach(() => undoAll("test"));
afterAll(() => undoAll("file"));

/** Has something undone with the test, or with the file, before the mirrors that were started earlier. */
export function undoAfter(life: "test" | "file", undo: Undo): void {
  undos[life].push(undo);
}

/** Starts a mirror; it ends by itself with the test or the file. Nothing has been synced yet. */
export async function startMirror(options: MirrorOptions = {}): Promise<Mirror> {
  const own = undos[options.life ?? "test"];
  const database = options.database ?? (await createTestDatabase());
  own.push(() => database.drop());
  return openMirror(own, options, database.url);
}

/** Has a mirror on a database for as long as the work takes. */
export async function withMirror(
  options: Omit<MirrorOptions, "database" | "life">,
  databaseUrl: string,
  work: (mirror: Mirror) => Promise<void>,
): Promise<void> {
  const own: Undo[] = [];
  try {
    await work(await openMirror(own, options, databaseUrl));
  } finally {
    for (const undo of own.toReversed()) await undo();
  }
}

async function openMirror(own: Undo[], options: MirrorOptions, databaseUrl: string): Promise<Mirror> {
  const sandbox = await startSandbox(options.sandbox ?? { seed: "empty" });
  own.push(() => sandbox.close());
  const open = () => openProcess(own, databaseUrl, sandbox, options);
  const first = await open();
  await migrate(first.db);
  return { ...first, sandbox, another: open };
}

async function openProcess(
  own: Undo[],
  url: string,
  sandbox: Sandbox,
  { raw = false, deleteMode = "hard", outbound = "off" }: MirrorOptions,
): Promise<MirrorProcess> {
  const db = await openDatabase(url, { connections: 4 });
  own.push(() => db.close());
  const client = createAttioClient({
    token: sandbox.token,
    baseUrl: sandbox.url,
    budget: createLocalBudget({ readsPerSecond: 2000, writesPerSecond: 1000 }),
    retry: { minDelayMs: 5, maxDelayMs: 50 },
  });
  own.push(() => client.close());
  const deps: SyncDeps = { db, client, log: silentLog, raw, deleteMode, outbound };
  return {
    db,
    client,
    deps,
    backfill: (backfillOptions) => backfill(deps, backfillOptions),
    syncSchema: () => syncSchema(deps),
  };
}

/** Last opened, first closed. */
async function undoAll(life: "test" | "file"): Promise<void> {
  for (const undo of undos[life].splice(0).toReversed()) await undo();
}
