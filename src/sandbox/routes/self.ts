import { badRequest } from "../support/errors.ts";
import type { Reply } from "../http/route.ts";
import type { OpenRoute } from "../http/server.ts";
import type { Tokens } from "../http/tokens.ts";
import type { SandboxStore } from "../store/store.ts";

/**
 * `GET /v2/self` (docs page "Identify"): not wrapped in `data`, never 401. An unknown token that looks like one
 * answers 200 `{"active":false}`, none or a malformed one 400.
 */
export function selfRoute(store: SandboxStore, tokens: Tokens): OpenRoute {
  return {
    method: "GET",
    url: "/v2/self",
    handle: (authorization) => identify(store, tokens, authorization),
  };
}

function identify(store: SandboxStore, tokens: Tokens, authorization: string | undefined): Reply {
  const text = tokens.read(authorization);
  if (text === undefined || !/^[\w.-]{16,}$/.test(text)) {
    throw badRequest("missing_value", "Token was not recognised. Please check the Authorization header.");
  }
  const token = tokens.find(text);
  if (token === undefined) return { body: { active: false } };
  const { workspace, members } = store.state;
  const [authorizer] = members.keys();
  return {
    body: {
      active: true,
      scope: [...token.scopes].join(" "),
      client_id: token.id,
      token_type: "Bearer",
      exp: null,
      iat: token.issuedAt,
      sub: workspace.id,
      aud: token.id,
      iss: "attio.com",
      ...(authorizer !== undefined && { authorized_by_workspace_member_id: authorizer }),
      workspace_id: workspace.id,
      workspace_name: workspace.name,
      workspace_slug: workspace.slug,
      workspace_logo_url: null,
    },
  };
}
