import { z } from "zod";
import { actorSchema, nullable } from "./common.ts";

export const taskSchema = z.looseObject({
  id: z.looseObject({ workspace_id: z.string(), task_id: z.string() }),
  content_plaintext: nullable(z.string()),
  deadline_at: nullable(z.string()),
  is_completed: z.boolean(),
  completed_at: nullable(z.string()),
  linked_records: z.array(
    z.looseObject({
      /** A slug or an id; writes call it `target_object`. */
      target_object_id: nullable(z.string()),
      target_record_id: z.string(),
    }),
  ),
  assignees: z.array(
    z.looseObject({ referenced_actor_type: z.string(), referenced_actor_id: nullable(z.string()) }),
  ),
  created_by_actor: nullable(actorSchema),
  created_at: z.string(),
});

/** A task. */
export type Task = z.infer<typeof taskSchema>;
