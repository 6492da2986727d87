import type { RequestOptions } from "../../attio/index.ts";
import { wantBackfillOf } from "../../db/queries/chores.ts";
import { syncSchema, type SchemaDeps } from "./sync-schema.ts";

/** Syncs the schema, and has the streams whose table changed read in full: rows that are here lack what is new. */
export async function refreshSchema(deps: SchemaDeps, options: RequestOptions): Promise<void> {
  const { changed } = await syncSchema(deps, options);
  await wantBackfillOf(deps.db.sql, changed);
}
