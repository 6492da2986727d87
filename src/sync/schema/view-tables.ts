import type { Orm } from "../../db/client.ts";
import { attributes, lists, objects } from "../../db/control/index.ts";
import { attributeShape } from "../mapping/shape.ts";
import { allowedObjectIds } from "./load-plan.ts";
import { sharedColumn } from "./plan.ts";
import type { ViewAttribute, ViewTable } from "./views.ts";

/** Loads what the views are made from, in a fixed order. */
export async function loadViewTables(orm: Orm): Promise<ViewTable[]> {
  const objectRows = await orm.select().from(objects).orderBy(objects.objectId);
  const listRows = await orm.select().from(lists).orderBy(lists.listId);
  const attributeRows = await orm
    .select()
    .from(attributes)
    .orderBy(attributes.objectId, attributes.attributeId);
  const slugs = new Map(objectRows.map((row) => [row.objectId, row.apiSlug]));

  const attributesOf = (id: string, kind: "object" | "list"): ViewAttribute[] =>
    attributeRows
      .filter((row) => row.objectId === id)
      .filter((row) => sharedColumn(kind, row.apiSlug, row.isSystemAttribute) === undefined)
      .map((row) => viewAttribute(row, slugs));
  return [
    ...objectRows.map((row) => ({
      kind: "object" as const,
      slug: row.apiSlug,
      table: row.tableName,
      attributes: attributesOf(row.objectId, "object"),
    })),
    ...listRows.map((row) => ({
      kind: "list" as const,
      slug: row.apiSlug,
      table: row.tableName,
      attributes: attributesOf(row.listId, "list"),
    })),
  ];
}

function viewAttribute(
  row: typeof attributes.$inferSelect,
  slugs: ReadonlyMap<string, string>,
): ViewAttribute {
  const allowed = allowedObjectIds(row.config);
  const shape = attributeShape({
    type: row.type,
    isMultiselect: row.isMultiselect,
    allowedObjectIds: allowed,
  });
  const [only] = allowed;
  return {
    slug: row.apiSlug,
    column: row.columnName,
    isReference: shape.kind === "record-reference",
    multi: shape.type.endsWith("[]"),
    objectColumn: row.sideColumns.object ?? null,
    onlyObject: allowed.length === 1 && only !== undefined ? (slugs.get(only) ?? null) : null,
  };
}
