import { z } from "zod";
import { actorSchema, nullable } from "./common.ts";

export const listSchema = z.looseObject({
  id: z.looseObject({ workspace_id: z.string(), list_id: z.string() }),
  api_slug: z.string(),
  name: z.string(),
  /** Slugs; old lists may have several. */
  parent_object: z.union([z.array(z.string()), z.string().transform((slug) => [slug])]),
  /** Null: private. */
  workspace_access: nullable(z.string()),
  workspace_member_access: z
    .array(z.looseObject({ workspace_member_id: z.string(), level: z.string() }))
    .nullish()
    .transform((access) => access ?? []),
  created_by_actor: nullable(actorSchema),
  created_at: z.string(),
});

/** A list that the token may see. */
export type AttioList = z.infer<typeof listSchema>;

export const recordEntrySchema = z.looseObject({
  list_id: z.string(),
  list_api_slug: z.string(),
  entry_id: z.string(),
  created_at: z.string(),
});

/** An entry of a record, as listed at the record. */
export type RecordEntry = z.infer<typeof recordEntrySchema>;
