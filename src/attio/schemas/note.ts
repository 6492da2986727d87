import { z } from "zod";
import { actorSchema, nullable } from "./common.ts";

export const noteSchema = z.looseObject({
  id: z.looseObject({ workspace_id: z.string(), note_id: z.string() }),
  parent_object: z.string(),
  parent_record_id: z.string(),
  title: nullable(z.string()),
  meeting_id: nullable(z.string()),
  content_plaintext: nullable(z.string()),
  content_markdown: nullable(z.string()),
  tags: z
    .array(z.unknown())
    .nullish()
    .transform((tags) => tags ?? []),
  created_by_actor: nullable(actorSchema),
  created_at: z.string(),
});

/** A note at a record. */
export type Note = z.infer<typeof noteSchema>;
