import { z } from "zod";
import { nullable } from "./common.ts";

export const searchResultSchema = z.looseObject({
  id: z.looseObject({ workspace_id: z.string(), object_id: z.string(), record_id: z.string() }),
  record_text: nullable(z.string()),
  record_image: nullable(z.string()),
  object_slug: z.string(),
});

/** A record found by its text; people also carry `email_addresses` and `phone_numbers`, companies `domains`. */
export type SearchResult = z.infer<typeof searchResultSchema>;
