import type { Database } from "../../db/client.ts";
import { transact } from "../../db/tx.ts";
import { ormOf } from "../../db/queries/catalog.ts";
import { wantChore } from "../../db/queries/chores.ts";
import { raiseTickets } from "../../db/queries/fetch-sequence.ts";
import { databaseIdentity, type DatabaseIdentity } from "../../db/queries/identity.ts";
import { parkChanges, type ParkReason } from "../../db/queries/park-changes.ts";
import { forgetUnfinishedRuns } from "../../db/queries/runs.ts";
import { readSetting, writeSetting, type Settings } from "../../db/queries/settings.ts";
import { WorkspaceChangedError } from "../workspace.ts";
import { isSameDatabase } from "./bind-database.ts";

type Workspace = Settings["workspace"];

/** One thing in place of another. */
export interface Exchange<T> {
  from: T;
  to: T;
}

/** What was accepted. */
export interface Adoption {
  /** null where the database is the one that the mirror began in. */
  database: Exchange<DatabaseIdentity> | null;
  /** null where the workspace is the one that is mirrored. */
  workspace: Exchange<Workspace> | null;
  /** How many local changes were parked. */
  parked: number;
}

const COPIED: ParkReason = {
  code: "copied_database",
  message:
    'it came with a copy of the database, whose original may have pushed it: "changes retry" looks for that and pushes it, ' +
    '"changes discard" brings Attio\'s value back',
};

function madeFor({ slug }: Workspace): ParkReason {
  return {
    code: "other_workspace",
    message: `it was made for the workspace "${slug}"; "changes discard" gives it up`,
  };
}

/**
 * Accepts that the mirror is in another database than it began in, or is to be of another workspace (design rule 14), so
 * that the next start pushes again. Local changes that wait are parked: the original of a copied database may have pushed
 * them, or is about to. Everything is read anew. Where nothing is other than before, nothing is done.
 *
 * @param opened the workspace that the token opens
 * @throws {WorkspaceChangedError} when it is another one and `acceptsWorkspace` is false
 */
export async function adopt(
  db: Database,
  opened: Workspace,
  { acceptsWorkspace }: { acceptsWorkspace: boolean },
): Promise<Adoption> {
  const database = await otherDatabase(db);
  const workspace = await otherWorkspace(db, opened);
  if (workspace !== null && !acceptsWorkspace)
    throw new WorkspaceChangedError(workspace.from.slug, opened.slug);
  if (database === null && workspace === null) return { database, workspace, parked: 0 };
  await raiseTickets(db.sql);
  return transact(db.sql, async (tx) => {
    const parked = await parkChanges(tx, workspace === null ? COPIED : madeFor(workspace.from));
    // What was read of one workspace must not be completed with what another has.
    if (workspace !== null) await forgetUnfinishedRuns(tx);
    const orm = ormOf(tx);
    if (database !== null) await writeSetting(orm, "database", database.to);
    if (workspace !== null) await writeSetting(orm, "workspace", workspace.to);
    await wantChore(tx, "schema");
    await wantChore(tx, "backfill");
    return { database, workspace, parked };
  });
}

async function otherDatabase(db: Database): Promise<Exchange<DatabaseIdentity> | null> {
  const from = await readSetting(db.orm, "database");
  const to = await databaseIdentity(db.sql);
  return from === undefined || isSameDatabase(from, to) ? null : { from, to };
}

async function otherWorkspace(db: Database, to: Workspace): Promise<Exchange<Workspace> | null> {
  const from = await readSetting(db.orm, "workspace");
  return from === undefined || from.id === to.id ? null : { from, to };
}
