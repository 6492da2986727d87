import { z } from "zod";
import { nullable } from "./common.ts";

export const memberSchema = z.looseObject({
  id: z.looseObject({ workspace_id: z.string(), workspace_member_id: z.string() }),
  first_name: nullable(z.string()),
  last_name: nullable(z.string()),
  avatar_url: nullable(z.string()),
  email_address: nullable(z.string()),
  /** `admin`, `member` or `suspended`: members are never deleted. */
  access_level: nullable(z.string()),
  created_at: z.string(),
});

/** A member of the workspace. */
export type WorkspaceMember = z.infer<typeof memberSchema>;
