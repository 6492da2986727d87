import { z } from "zod";
import { actorSchema, nullable } from "./common.ts";

export const fileSchema = z.looseObject({
  id: z.looseObject({ workspace_id: z.string(), file_id: z.string() }),
  /** `file`, `folder`, `connected-file` or `connected-folder`. */
  file_type: z.string(),
  name: nullable(z.string()),
  content_type: nullable(z.string()),
  content_size: nullable(z.number()),
  parent_folder_id: nullable(z.string()),
  object_id: nullable(z.string()),
  object_slug: nullable(z.string()),
  record_id: nullable(z.string()),
  storage_provider: nullable(z.string()),
  external_provider_file_id: nullable(z.string()),
  microsoft_drive_id: nullable(z.string()),
  created_by_actor: nullable(actorSchema),
  created_at: z.string(),
});

/** A file or folder at a record. */
export type AttioFile = z.infer<typeof fileSchema>;
