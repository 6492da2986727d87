import { z } from "zod";
import { nullable } from "./common.ts";

export const activitySchema = z.looseObject({
  id: z.looseObject({ workspace_id: z.string(), activity_id: z.string() }),
  api_slug: nullable(z.string()),
  singular_noun: nullable(z.string()),
  plural_noun: nullable(z.string()),
  extends: z
    .array(z.looseObject({ schema_id: nullable(z.string()), schema_slug: nullable(z.string()) }))
    .nullish()
    .transform((schemas) => schemas ?? []),
  is_system_activity: z.boolean().default(false),
  created_at: z.string(),
});

/** A kind of activity. */
export type Activity = z.infer<typeof activitySchema>;
