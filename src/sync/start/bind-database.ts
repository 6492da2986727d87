import type { Database } from "../../db/client.ts";
import { databaseIdentity, type DatabaseIdentity } from "../../db/queries/identity.ts";
import { readSetting, writeSetting } from "../../db/queries/settings.ts";

/**
 * Notes at the first start which database this is, and says at every later one whether it still is: a restore or a clone is
 * another one, and must not write to Attio as if it were the first (design rule 14).
 */
export async function bindDatabase(db: Database): Promise<{ isOther: boolean }> {
  const here = await databaseIdentity(db.sql);
  const bound = await readSetting(db.orm, "database");
  if (bound === undefined) await writeSetting(db.orm, "database", here);
  return { isOther: bound !== undefined && !isSameDatabase(bound, here) };
}

/** Whether two looks were at one database; a login that may not read the identifier can't tell a restore from it. Pure. */
export function isSameDatabase(bound: DatabaseIdentity, here: DatabaseIdentity): boolean {
  const known = bound.systemIdentifier !== null && here.systemIdentifier !== null;
  return bound.oid === here.oid && (!known || bound.systemIdentifier === here.systemIdentifier);
}
