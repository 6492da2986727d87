import { isJsonObject } from "../../lib/json.ts";
import type { Orm } from "../../db/client.ts";
import {
  findAttributes,
  findList,
  listObjects,
  findObject,
  findOptions,
  findStatuses,
} from "../../db/queries/catalog.ts";
import type { AttributeRow } from "../../db/queries/catalog.ts";
import type { StreamRow } from "../../db/queries/streams.ts";
import type { AttributePlan, RecordPlan } from "../mapping/record-plan.ts";
import { BlankRows } from "../mapping/blank-rows.ts";
import { attributeShape, isWritable } from "../mapping/shape.ts";
import { sharedColumn } from "./plan.ts";

/**
 * Loads how a stream's records become rows, as the last schema sync left it.
 *
 * @param stream the row of an object's or list's stream
 */
export async function loadRecordPlan(orm: Orm, stream: StreamRow): Promise<RecordPlan> {
  const id = stream.sourceId;
  const kind = stream.kind === "list" ? "list" : "object";
  if (id === null) throw new Error(`stream ${stream.stream} has no object or list`);
  const source = kind === "list" ? await findList(orm, id) : await findObject(orm, id);
  if (source === undefined)
    throw new Error(`the object or list of stream ${stream.stream} is not in the mirror`);

  const titles = await loadTitles(orm, id);
  const objects = new Map((await listObjects(orm)).map((row) => [row.objectId, row.apiSlug]));
  const attributes = (await findAttributes(orm, id))
    .filter((row) => sharedColumn(kind, row.apiSlug, row.isSystemAttribute) === undefined)
    .map((row) => attributePlan(row, titles.get(row.attributeId), objects));
  return {
    stream: stream.stream,
    kind,
    sourceId: id,
    slug: source.apiSlug,
    table: source.tableName,
    key: kind === "list" ? "entry_id" : "record_id",
    version: stream.planVersion,
    attributes,
    blanks: new BlankRows(attributes),
  };
}

/** The objects that a record-reference may point at; empty for any. Source: docs.attio.com, "List attributes". */
export function allowedObjectIds(config: unknown): string[] {
  const reference = isJsonObject(config) ? config.record_reference : undefined;
  const ids = isJsonObject(reference) ? reference.allowed_object_ids : undefined;
  return Array.isArray(ids) ? ids.filter((id) => typeof id === "string") : [];
}

function attributePlan(
  row: AttributeRow,
  titles: ReadonlyMap<string, string> | undefined,
  objects: ReadonlyMap<string, string>,
): AttributePlan {
  const [onlyObject, ...otherObjects] = allowedObjectIds(row.config);
  const shape = attributeShape({
    type: row.type,
    isMultiselect: row.isMultiselect,
    allowedObjectIds: allowedObjectIds(row.config),
  });
  const hasTitles = shape.kind === "select" || shape.kind === "status";
  return {
    id: row.attributeId,
    slug: row.apiSlug,
    kind: shape.kind,
    multi: shape.multi,
    type: shape.type,
    column: row.columnName,
    sides: row.sideColumns,
    titles: hasTitles ? (titles ?? new Map<string, string>()) : null,
    writable: isWritable(row, shape.kind),
    unique: row.isUnique,
    targetObject:
      onlyObject !== undefined && otherObjects.length === 0 ? (objects.get(onlyObject) ?? null) : null,
  };
}

/** Titles of options and statuses, by attribute id and then by their own. */
async function loadTitles(orm: Orm, objectId: string): Promise<Map<string, Map<string, string>>> {
  const options = (await findOptions(orm, objectId)).map((row) => ({ ...row, id: row.optionId }));
  const statuses = (await findStatuses(orm, objectId)).map((row) => ({ ...row, id: row.statusId }));
  const titles = new Map<string, Map<string, string>>();
  for (const { attributeId, id, title } of [...options, ...statuses]) {
    const known = titles.get(attributeId) ?? new Map<string, string>();
    titles.set(attributeId, known.set(id, title));
  }
  return titles;
}
