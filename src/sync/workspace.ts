import { settings } from "../db/control/index.ts";
import type { Database } from "../db/index.ts";
import { readSetting, type Settings } from "../db/queries/settings.ts";
import { MirrorError } from "../errors.ts";

/** The token opens another workspace than the one that the database mirrors. Going on would delete the whole mirror as gone. */
export class WorkspaceChangedError extends MirrorError {
  constructor(mirrored: string, opened: string) {
    super(
      "WORKSPACE_CHANGED",
      `ATTIO_API_KEY opens the workspace "${opened}", but this database mirrors "${mirrored}"; ` +
        "use that workspace's token, or a database of its own for each workspace (`attio-mirror adopt --workspace` says otherwise)",
    );
  }
}

/**
 * Binds the database to the first workspace that it mirrors. To be called before anything is read from Attio.
 *
 * @throws WorkspaceChangedError when it is bound to another one
 */
export async function pinWorkspace(db: Database, workspace: Settings["workspace"]): Promise<void> {
  // Of two first runs at once, one pins and the other compares.
  await db.orm.insert(settings).values({ key: "workspace", value: workspace }).onConflictDoNothing();
  const pinned = await readSetting(db.orm, "workspace");
  if (pinned !== undefined && pinned.id !== workspace.id)
    throw new WorkspaceChangedError(pinned.slug, workspace.slug);
}
