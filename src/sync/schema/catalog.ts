import { listStream, objectStream } from "../streams.ts";
import type { attributes, lists, objects, selectOptions, statuses } from "../../db/control/index.ts";

/** An object as Attio describes it; the mirror adds where it keeps it. */
export type CatalogObject = Omit<typeof objects.$inferSelect, "tableName">;
export type CatalogList = Omit<typeof lists.$inferSelect, "tableName">;
export type CatalogOption = typeof selectOptions.$inferSelect;
export type CatalogStatus = typeof statuses.$inferSelect;
export type AttributeDescription = Omit<typeof attributes.$inferSelect, "columnName" | "sideColumns">;

export interface CatalogAttribute {
  description: AttributeDescription;
  allowedObjectIds: readonly string[];
  options: readonly CatalogOption[];
  statuses: readonly CatalogStatus[];
}

/** An object or a list with everything that decides its table. */
export type CatalogSource = { attributes: readonly CatalogAttribute[] } & (
  { kind: "object"; row: CatalogObject } | { kind: "list"; row: CatalogList }
);

/** A source whose attributes Attio would not give, or whose table PostgreSQL will not have, and why; the table is left as it is. */
export interface UnreadableSource {
  stream: string;
  state: "forbidden" | "disabled" | "unfit";
  reason: string;
}

/** Everything that Attio says of a workspace's schema at one time. */
export interface Catalog {
  sources: readonly CatalogSource[];
  unreadable: readonly UnreadableSource[];
  /** False when the token may not list them: then their absence means nothing. */
  objectsListed: boolean;
  listsListed: boolean;
}

/** The id that a source's table, attributes and stream are bound to. */
export function sourceId(source: CatalogSource): string {
  return source.kind === "object" ? source.row.objectId : source.row.listId;
}

/** The name of a source's stream, by the slug that it has now. */
export function sourceStream({ kind, row }: CatalogSource): string {
  return kind === "object" ? objectStream(row.apiSlug) : listStream(row.apiSlug);
}
