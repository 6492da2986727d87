import { AttioAuthError, AttioError, createAttioClient, type AttioClient } from "../attio/index.ts";
import { proxyOf } from "../config.ts";
import { ConfigError, MirrorError } from "../errors.ts";
import type { Database } from "../db/index.ts";
import { openSharedBudget } from "../sync/shared-budget.ts";
import type { Closers } from "./closers.ts";
import type { Context } from "./context.ts";

/** Where a workspace is and what opens it. */
export interface Access {
  token: string;
  baseUrl: string;
}

/** Makes a client whose budgets are shared by all processes on one database. It is closed with `closers`. */
export async function openAttio(
  { config, log }: Context,
  db: Database,
  { token, baseUrl }: Access,
  closers: Closers,
): Promise<AttioClient> {
  const budget = await openSharedBudget(db.url, {
    readsPerSecond: config.attioReadsPerSecond,
    writesPerSecond: config.attioWritesPerSecond,
  });
  closers.add(() => budget.close());
  const client = createAttioClient({
    token,
    baseUrl,
    budget,
    proxy: proxyOf(config),
    log: (entry) => log.trace(entry, "attio"),
  });
  closers.add(() => client.close());
  return client;
}

/** Looks up the workspace that a token opens. @throws ConfigError when Attio does not accept the token. */
export async function checkToken(
  client: AttioClient,
  { baseUrl }: Access,
  signal: AbortSignal,
): Promise<{ id: string; slug: string }> {
  const self = await client.self({ signal });
  if (self.active) return { id: self.workspace_id, slug: self.workspace_slug };
  throw new ConfigError("ATTIO_API_KEY", `is not accepted by ${baseUrl}; it may have been revoked`);
}

/** Puts an error of the client in the terms of whoever runs the command; any other error is given back as it is. */
export function explainAttioError(error: unknown, { baseUrl }: Access): unknown {
  if (error instanceof AttioAuthError) {
    return new ConfigError("ATTIO_API_KEY", `is refused by ${baseUrl}: ${error.message}`, { cause: error });
  }
  if (error instanceof AttioError)
    return new MirrorError("ATTIO_REQUEST_FAILED", error.message, { cause: error });
  return error;
}
