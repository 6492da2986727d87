import { z } from "zod";
import { nullable } from "./common.ts";

export const objectSchema = z.looseObject({
  id: z.looseObject({ workspace_id: z.string(), object_id: z.string() }),
  api_slug: nullable(z.string()),
  singular_noun: nullable(z.string()),
  plural_noun: nullable(z.string()),
  created_at: z.string(),
});

/** An object of the workspace; slug and nouns may be null. */
export type AttioObject = z.infer<typeof objectSchema>;
