import { z } from "zod";
import { nullable } from "./common.ts";

export const viewSchema = z.looseObject({
  /** With `object_id` or `list_id`. */
  id: z.looseObject({ workspace_id: z.string(), view_id: z.string() }),
  title: nullable(z.string()),
  created_at: z.string(),
});

/** A saved view; what it filters by is not told. */
export type View = z.infer<typeof viewSchema>;
