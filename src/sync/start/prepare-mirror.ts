import { AttioAuthError, AttioError } from "../../attio/index.ts";
import { wantChore } from "../../db/queries/chores.ts";
import { ConfigError } from "../../errors.ts";
import type { SyncDeps } from "../deps.ts";
import { syncSchema } from "../schema/sync-schema.ts";
import { pinWorkspace } from "../workspace.ts";
import { bindDatabase } from "./bind-database.ts";
import { mendSequence } from "./mend-sequence.ts";
import { missingScopes } from "./scopes.ts";
import { warnOfSubscriptions } from "./subscriptions.ts";

export interface PrepareOptions {
  /** Whether a webhook is to be registered. */
  webhook: boolean;
  /** Where Attio is, for messages. */
  baseUrl: string;
  signal: AbortSignal;
}

/**
 * What comes before any work: whose token this is and what it may see, whether database and workspace belong together, and
 * the schema. A schema sync that fails is tried again by the workers.
 *
 * @throws ConfigError when Attio does not accept the token, WorkspaceChangedError when it opens another workspace
 */
export async function prepareMirror(deps: SyncDeps, options: PrepareOptions): Promise<void> {
  const { db, log } = deps;
  await checkToken(deps, options);
  const { isOther } = await bindDatabase(db);
  if (isOther)
    log.warn(
      "this database is a copy of the one that the mirror began in; it goes on reading, and `attio-mirror adopt` accepts it",
    );
  await mendSequence(db, log);
  await warnOfSubscriptions(db, log);
  try {
    await syncSchema(deps, { signal: options.signal, priority: "interactive" });
  } catch (error) {
    if (options.signal.aborted || (error instanceof AttioAuthError && error.status === 401)) throw error;
    if (!(error instanceof AttioError)) throw error;
    log.warn({ err: error }, "Attio's schema could not be read at start; tried again");
    await wantChore(db.sql, "schema");
  }
}

async function checkToken(
  { client, db, log }: SyncDeps,
  { webhook, baseUrl, signal }: PrepareOptions,
): Promise<void> {
  // `/v2/self` answers 200 for a revoked token, with `active: false` (docs: "Identify").
  const self = await client.self({ signal });
  if (!self.active)
    throw new ConfigError("ATTIO_API_KEY", `is not accepted by ${baseUrl}; it may have been revoked`);
  await pinWorkspace(db, { id: self.workspace_id, slug: self.workspace_slug });
  for (const { scope, lost } of missingScopes(self.scope, { webhook }))
    log.warn({ scope, lost }, "the token lacks a scope; what it covers is not mirrored");
}
