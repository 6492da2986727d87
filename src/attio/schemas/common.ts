import { z } from "zod";

/** A value that Attio may send as null, or leave out: null either way. */
export function nullable<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform((value) => value ?? null);
}

/** Who did something. Both parts may be null; the id is for `system` (docs: "Actors"). */
export const actorSchema = z.looseObject({ type: nullable(z.string()), id: nullable(z.string()) });
export type Actor = z.infer<typeof actorSchema>;
