import { SandboxError } from "../support/errors.ts";

/** Scopes that a token may have; `read-write` includes `read` (docs page "Authentication"). */
export const ALL_SCOPES: readonly string[] = [
  "record_permission",
  "object_configuration",
  "list_entry",
  "list_configuration",
  "user_management",
  "note",
  "task",
  "comment",
  "file",
  "meeting",
  "call_recording",
  "webhook",
].map((scope) => `${scope}:read-write`);

/** An access token. */
export interface Token {
  /** What `/v2/self` calls `client_id`, and the actor of everything written with it. */
  readonly id: string;
  readonly secret: string;
  readonly issuedAt: number;
  scopes: ReadonlySet<string>;
  isActive: boolean;
}

/** The tokens of the workspace. */
export interface Tokens {
  /** Issues a further token. */
  issue(options?: { secret?: string; scopes?: readonly string[] }): Token;
  /** The active token of an `Authorization` header. Throws 401. */
  authenticate(header: string | undefined): Token;
  /** The header's token text, undefined where there is none. */
  read(header: string | undefined): string | undefined;
  /** The active token of that text. */
  find(secret: string): Token | undefined;
}

/** Creates an empty set of tokens. */
export function createTokens(nextId: () => string): Tokens {
  const all = new Map<string, Token>();
  const find = (secret: string): Token | undefined => {
    const token = all.get(secret);
    return token?.isActive === true ? token : undefined;
  };
  return {
    find,
    read: readHeader,
    issue({ secret = `sandbox-${nextId()}`, scopes = ALL_SCOPES } = {}) {
      const issuedAt = Math.floor(Date.now() / 1000);
      const token = { id: nextId(), secret, issuedAt, scopes: new Set(scopes), isActive: true };
      all.set(secret, token);
      return token;
    },
    authenticate(header) {
      const token = find(readHeader(header) ?? "");
      if (token !== undefined) return token;
      const message = "The access token is missing, unknown or has been revoked.";
      throw new SandboxError(401, "unauthorized", message, { type: "auth_error" });
    },
  };
}

/** Throws 403 if the token lacks a scope. */
export function assertScopes(token: Token, needed: readonly string[]): void {
  for (const scope of needed) {
    const isGranted = token.scopes.has(scope) || token.scopes.has(scope.replace(/:read$/, ":read-write"));
    if (isGranted) continue;
    const message = `The access token lacks the required scope: ${scope}.`;
    throw new SandboxError(403, "unauthorized", message, { type: "auth_error" });
  }
}

/** Bearer, or Basic with the token as user name, which the docs discourage but allow. */
function readHeader(header: string | undefined): string | undefined {
  const [, scheme = "", credentials = ""] = /^(Bearer|Basic)\s+(\S+)\s*$/i.exec(header ?? "") ?? [];
  if (scheme.toLowerCase() !== "basic") return credentials === "" ? undefined : credentials;
  return Buffer.from(credentials, "base64").toString().split(":", 1)[0];
}
