import { eq } from "drizzle-orm";
import type { Orm } from "../client.ts";
import { settings } from "../control/index.ts";
import type { DatabaseIdentity } from "./identity.ts";

/** Single facts that outlive the process. */
export interface Settings {
  /** Hash of the definitions that the views were last made from. */
  views: { hash: string };
  /** The workspace that this database mirrors. */
  workspace: { id: string; slug: string };
  /** The database that it was bound to. */
  database: DatabaseIdentity;
  /** The webhook for which a full backfill was asked. */
  webhookBackfill: { generation: number };
}

export async function readSetting<K extends keyof Settings>(
  orm: Orm,
  key: K,
): Promise<Settings[K] | undefined> {
  const [row] = await orm.select({ value: settings.value }).from(settings).where(eq(settings.key, key));
  // Only writeSetting writes here, with the type that belongs to the key.
  return row?.value as Settings[K] | undefined;
}

export async function writeSetting<K extends keyof Settings>(
  orm: Orm,
  key: K,
  value: Settings[K],
): Promise<void> {
  await orm
    .insert(settings)
    .values({ key, value })
    .onConflictDoUpdate({ target: settings.key, set: { value } });
}
