import { migrate } from "../../db/index.ts";
import type { Context } from "../context.ts";
import { openMirrorDatabase } from "../database.ts";
import { EXIT_DONE } from "../failure.ts";

/** `migrate`: brings the control schema up to this version. */
export async function runMigrate(context: Context): Promise<number> {
  const mirror = await openMirrorDatabase(context);
  try {
    await migrate(mirror.db);
  } finally {
    await mirror.close();
  }
  context.io.stdout.write("The database is up to date.\n");
  return EXIT_DONE;
}
