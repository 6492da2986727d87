import { z } from "zod";
import { nullable } from "./common.ts";

/** `GET /v2/self`, in the manner of RFC 7662, not wrapped in `data` (docs: "Identify"). */
export const activeSelfSchema = z.looseObject({
  active: z.literal(true),
  scope: z.string(),
  client_id: z.string(),
  workspace_id: z.string(),
  workspace_name: z.string(),
  workspace_slug: z.string(),
  workspace_logo_url: nullable(z.string()),
  authorized_by_workspace_member_id: nullable(z.string()),
  exp: nullable(z.number()),
  iat: nullable(z.number()),
});

export const selfSchema = z.union([z.looseObject({ active: z.literal(false) }), activeSelfSchema]);

/** The token and its workspace; `client_id` is the id of a workspace token, or of the app of an OAuth token. */
export type ActiveSelf = z.infer<typeof activeSelfSchema>;

/** What a token is, if it is anything. */
export type Self = { active: false } | ActiveSelf;

/**
 * Whether a token's `scope` (space separated, e.g. `note:read task:read-write`) allows `access` to `resource`; writing includes reading
 * (docs: "Authentication").
 */
export function hasScope(scope: string, resource: string, access: "read" | "read-write"): boolean {
  const granted = new Set(scope.split(/\s+/));
  return granted.has(`${resource}:read-write`) || (access === "read" && granted.has(`${resource}:read`));
}
