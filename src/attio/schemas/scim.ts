import { z } from "zod";

export const scimResourceSchema = z.looseObject({ id: z.string() });

/** A SCIM user or group, in SCIM's own shape (RFC 7643). */
export type ScimResource = z.infer<typeof scimResourceSchema>;

export const scimListSchema = z.looseObject({
  totalResults: z.number(),
  startIndex: z.number().default(1),
  itemsPerPage: z.number().default(0),
  Resources: z.array(scimResourceSchema).default([]),
});

/** A page of SCIM resources; `startIndex` counts from 1. */
export type ScimList = z.infer<typeof scimListSchema>;

/** The schemas that a SCIM provider supports (RFC 7643, section 7). */
export const scimSchemasSchema = z.looseObject({ totalResults: z.number(), Resources: z.array(z.unknown()) });
