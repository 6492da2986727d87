import {
  AttioAuthError,
  AttioError,
  createAttioClient,
  createLocalBudget,
  type AttioClient,
} from "../attio/index.ts";
import { ConfigError, MirrorError } from "../errors.ts";
import type { Context } from "./context.ts";

/** Where a workspace is and what opens it. */
export interface Access {
  token: string;
  baseUrl: string;
}

/** Makes a client with the configured budgets. The caller closes it. */
export function openAttio({ config, log }: Context, { token, baseUrl }: Access): AttioClient {
  return createAttioClient({
    token,
    baseUrl,
    budget: createLocalBudget({
      readsPerSecond: config.attioReadsPerSecond,
      writesPerSecond: config.attioWritesPerSecond,
    }),
    log: (entry) => log.trace(entry, "attio"),
  });
}

/** Names the workspace that a token opens. @throws ConfigError when Attio does not accept the token. */
export async function checkToken(
  client: AttioClient,
  { baseUrl }: Access,
  signal: AbortSignal,
): Promise<string> {
  const self = await client.self({ signal });
  if (self.active) return self.workspace_name;
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
