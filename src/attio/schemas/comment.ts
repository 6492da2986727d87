import { z } from "zod";
import { actorSchema, nullable } from "./common.ts";

export const commentSchema = z.looseObject({
  id: z.looseObject({ workspace_id: z.string(), comment_id: z.string() }),
  thread_id: z.string(),
  content_plaintext: nullable(z.string()),
  entry: nullable(z.looseObject({ entry_id: z.string(), list_id: z.string() })),
  record: nullable(z.looseObject({ record_id: z.string(), object_id: z.string() })),
  resolved_at: nullable(z.string()),
  resolved_by: nullable(actorSchema),
  author: nullable(actorSchema),
  created_at: z.string(),
});

/** A comment at a record or an entry. */
export type Comment = z.infer<typeof commentSchema>;

export const threadSchema = z.looseObject({
  id: z.looseObject({ workspace_id: z.string(), thread_id: z.string() }),
  comments: z.array(commentSchema),
  created_at: z.string(),
});

/** A thread with its comments, oldest first. */
export type Thread = z.infer<typeof threadSchema>;
