import { requireToken } from "../../config.ts";
import { migrate } from "../../db/index.ts";
import { adopt, type Adoption } from "../../sync/start/adopt.ts";
import { checkToken, explainAttioError, openAttio } from "../attio.ts";
import { withClosers } from "../closers.ts";
import type { Context } from "../context.ts";
import { openMirrorDatabase } from "../database.ts";
import { EXIT_DONE } from "../failure.ts";

/** `adopt`: accepts that the database, or with `--workspace` the workspace, is another than the mirror began with. */
export async function runAdopt(
  context: Context,
  { workspace = false, json = false }: { workspace?: boolean; json?: boolean },
): Promise<number> {
  const { config, io } = context;
  const access = { token: requireToken(config), baseUrl: config.attioBaseUrl };
  const mirror = await openMirrorDatabase(context);
  try {
    const adoption = await withClosers(async (closers) => {
      await migrate(mirror.db);
      const client = await openAttio(context, mirror.db, access, closers);
      try {
        const opened = await checkToken(client, access, io.signal);
        return await adopt(mirror.db, opened, { acceptsWorkspace: workspace });
      } catch (error) {
        throw explainAttioError(error, access);
      }
    });
    io.stdout.write(json ? `${JSON.stringify(adoption)}\n` : describeAdoption(adoption));
    return EXIT_DONE;
  } finally {
    await mirror.close();
  }
}

function describeAdoption({ database, workspace, parked }: Adoption): string {
  if (database === null && workspace === null)
    return "Nothing to adopt: database and workspace are those that the mirror began with.\n";
  const lines: string[] = [];
  if (workspace !== null)
    lines.push(`Adopted the workspace "${workspace.to.slug}" in place of "${workspace.from.slug}".`);
  if (database !== null) lines.push("Adopted this database in place of the one that the mirror began in.");
  if (parked > 0)
    lines.push(
      `Parked ${String(parked)} local ${parked === 1 ? "change" : "changes"}: "changes list" shows them, and why.`,
    );
  lines.push("From the next start on everything is read anew, and local changes are pushed again.");
  return lines.map((line) => `${line}\n`).join("");
}
