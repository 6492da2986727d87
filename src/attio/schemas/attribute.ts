import { z } from "zod";
import { nullable } from "./common.ts";

const flag = z.boolean().default(false);

/** The other side of a pair of record references; older answers hold its `id` alone. */
const relationshipSchema = z.looseObject({
  id: z.looseObject({ workspace_id: z.string(), object_id: z.string(), attribute_id: z.string() }),
  object_slug: nullable(z.string()),
  title: nullable(z.string()),
  api_slug: nullable(z.string()),
  is_multiselect: nullable(z.boolean()),
});

/** All branches are there for all types, empty where they don't apply; only what is relied on is named. */
const configSchema = z.looseObject({
  currency: nullable(
    z.looseObject({ default_currency_code: nullable(z.string()), display_type: nullable(z.string()) }),
  ),
  record_reference: nullable(z.looseObject({ allowed_object_ids: nullable(z.array(z.string())) })),
});

export const attributeSchema = z.looseObject({
  /** For attributes of lists, `object_id` is the list's id (docs: "List attributes"). */
  id: z.looseObject({ workspace_id: z.string(), object_id: z.string(), attribute_id: z.string() }),
  title: z.string(),
  description: nullable(z.string()),
  api_slug: z.string(),
  /** Open: Attio adds types. */
  type: z.string(),
  is_system_attribute: flag,
  is_writable: flag,
  is_required: flag,
  is_unique: flag,
  is_multiselect: flag,
  is_default_value_enabled: flag,
  is_archived: flag,
  default_value: nullable(z.unknown()),
  relationship: nullable(relationshipSchema),
  created_at: z.string(),
  config: nullable(configSchema),
});

/** An attribute of an object or a list. */
export type Attribute = z.infer<typeof attributeSchema>;

const choiceId = { workspace_id: z.string(), object_id: z.string(), attribute_id: z.string() };

export const selectOptionSchema = z.looseObject({
  id: z.looseObject({ ...choiceId, option_id: z.string() }),
  title: z.string(),
  is_archived: flag,
});

/** An option of a select attribute. */
export type SelectOption = z.infer<typeof selectOptionSchema>;

export const statusSchema = z.looseObject({
  id: z.looseObject({ ...choiceId, status_id: z.string() }),
  title: z.string(),
  is_archived: flag,
  celebration_enabled: flag,
  /** An ISO 8601 duration. */
  target_time_in_status: nullable(z.string()),
});

/** A status of a status attribute. */
export type Status = z.infer<typeof statusSchema>;
