import { createAttioClient, type AttioClient } from "../attio/index.ts";
import { proxyOf, requireToken, type Config } from "../config.ts";
import type { Closers } from "../lib/closers.ts";
import type { Log } from "../logger.ts";
import { openSharedBudget } from "../sync/shared-budget.ts";

/**
 * Makes a client of the configured workspace, whose budgets are shared by all on one database. It is closed with `closers`.
 *
 * @throws ConfigError when no access token is configured
 */
export async function openClient(
  config: Config,
  databaseUrl: string,
  log: Log,
  closers: Closers,
): Promise<AttioClient> {
  const budget = await openSharedBudget(databaseUrl, {
    readsPerSecond: config.attioReadsPerSecond,
    writesPerSecond: config.attioWritesPerSecond,
  });
  closers.add("budget", () => budget.close());
  const client = createAttioClient({
    token: requireToken(config),
    baseUrl: config.attioBaseUrl,
    budget,
    proxy: proxyOf(config),
    log: (entry) => log.trace(entry, "attio"),
  });
  closers.add("client", () => client.close());
  return client;
}
