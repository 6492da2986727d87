import { boolean, jsonb, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { mirrorSchema, timestamptz } from "./schemas.ts";

/** The workspace's objects, and the table that each is mirrored in. */
export const objects = mirrorSchema.table("objects", {
  objectId: uuid("object_id").primaryKey(),
  apiSlug: text("api_slug").notNull(),
  singularNoun: text("singular_noun"),
  pluralNoun: text("plural_noun"),
  createdAt: timestamptz("created_at"),
  tableName: text("table_name").notNull().unique(),
});

/** Attributes of objects and lists, and the column that each is mirrored in. */
export const attributes = mirrorSchema.table(
  "attributes",
  {
    attributeId: uuid("attribute_id").notNull(),
    /** The object's id, or the list's for a list attribute: as Attio gives it. */
    objectId: uuid("object_id").notNull(),
    target: text("target").notNull(),
    apiSlug: text("api_slug").notNull(),
    title: text("title"),
    description: text("description"),
    type: text("type").notNull(),
    isSystemAttribute: boolean("is_system_attribute").notNull(),
    isWritable: boolean("is_writable").notNull(),
    isRequired: boolean("is_required").notNull(),
    isUnique: boolean("is_unique").notNull(),
    isMultiselect: boolean("is_multiselect").notNull(),
    isDefaultValueEnabled: boolean("is_default_value_enabled").notNull(),
    isArchived: boolean("is_archived").notNull(),
    defaultValue: jsonb("default_value"),
    relationship: jsonb("relationship"),
    config: jsonb("config"),
    createdAt: timestamptz("created_at"),
    columnName: text("column_name").notNull(),
    /** Suffix of each side column (`currency`, `first`, …) and the column it has. */
    sideColumns: jsonb("side_columns").$type<Record<string, string>>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.objectId, table.attributeId] })],
);

/** Options of select attributes; the mirror's titles come from here, never from a page of records. */
export const selectOptions = mirrorSchema.table(
  "select_options",
  {
    optionId: uuid("option_id").notNull(),
    attributeId: uuid("attribute_id").notNull(),
    objectId: uuid("object_id").notNull(),
    title: text("title").notNull(),
    isArchived: boolean("is_archived").notNull(),
  },
  (table) => [primaryKey({ columns: [table.attributeId, table.optionId] })],
);

/** Statuses of status attributes. */
export const statuses = mirrorSchema.table(
  "statuses",
  {
    statusId: uuid("status_id").notNull(),
    attributeId: uuid("attribute_id").notNull(),
    objectId: uuid("object_id").notNull(),
    title: text("title").notNull(),
    isArchived: boolean("is_archived").notNull(),
    celebrationEnabled: boolean("celebration_enabled"),
    targetTimeInStatus: text("target_time_in_status"),
  },
  (table) => [primaryKey({ columns: [table.attributeId, table.statusId] })],
);

/** The lists that the token sees, and the table of each one's entries. */
export const lists = mirrorSchema.table("lists", {
  listId: uuid("list_id").primaryKey(),
  apiSlug: text("api_slug").notNull(),
  name: text("name"),
  parentObject: text("parent_object").array(),
  workspaceAccess: text("workspace_access"),
  workspaceMemberAccess: jsonb("workspace_member_access"),
  createdByActorType: text("created_by_actor_type"),
  createdByActorId: text("created_by_actor_id"),
  createdAt: timestamptz("created_at"),
  tableName: text("table_name").notNull().unique(),
});
