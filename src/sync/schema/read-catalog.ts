import {
  AttioApiError,
  AttioAuthError,
  type Attribute,
  type AttioClient,
  type AttioList,
  type AttioObject,
  type AttributeTarget,
  type RequestOptions,
  type SelectOption,
  type Status,
} from "../../attio/index.ts";
import { cleanJson, cleanText } from "../mapping/text.ts";
import { listStream, objectStream } from "../streams.ts";
import type {
  Catalog,
  CatalogAttribute,
  CatalogObject,
  CatalogList,
  CatalogOption,
  CatalogSource,
  CatalogStatus,
  UnreadableSource,
} from "./catalog.ts";
import { allowedObjectIds } from "./load-plan.ts";

/**
 * Reads everything that Attio says of the workspace's schema: objects, lists, their attributes (archived ones too),
 * options and statuses.
 *
 * @throws {AttioAuthError} when the token is refused altogether (401)
 */
export async function readCatalog(client: AttioClient, options: RequestOptions = {}): Promise<Catalog> {
  const objects = await unlessForbidden(() => client.objects.list(options));
  const lists = await unlessForbidden(() => client.lists.list(options));
  const sources: CatalogSource[] = [];
  const unreadable: UnreadableSource[] = [];
  for (const object of objects ?? []) {
    const row = objectRow(object);
    const attributes = await readAttributes(client, "objects", row.objectId, options);
    if (Array.isArray(attributes)) sources.push({ kind: "object", row, attributes });
    else unreadable.push({ stream: objectStream(row.apiSlug), ...attributes });
  }
  for (const list of lists ?? []) {
    const row = listRow(list);
    const attributes = await readAttributes(client, "lists", row.listId, options);
    if (Array.isArray(attributes)) sources.push({ kind: "list", row, attributes });
    else unreadable.push({ stream: listStream(row.apiSlug), ...attributes });
  }
  return { sources, unreadable, objectsListed: objects !== undefined, listsListed: lists !== undefined };
}

/** Reads one object or list again; undefined when Attio no longer shows it. */
export async function readSource(
  client: AttioClient,
  kind: "object" | "list",
  id: string,
  options: RequestOptions = {},
): Promise<CatalogSource | undefined> {
  const target = kind === "object" ? "objects" : "lists";
  const attributes = await readAttributes(client, target, id, options);
  if (!Array.isArray(attributes)) return undefined;
  return kind === "object"
    ? { kind, row: objectRow(await client.objects.get(id, options)), attributes }
    : { kind, row: listRow(await client.lists.get(id, options)), attributes };
}

/** A listing that the token may not see is undefined, which is not the same as empty. */
async function unlessForbidden<T>(list: () => Promise<T>): Promise<T | undefined> {
  try {
    return await list();
  } catch (error) {
    if (error instanceof AttioAuthError && error.status === 403) return undefined;
    throw error;
  }
}

async function readAttributes(
  client: AttioClient,
  target: AttributeTarget,
  id: string,
  options: RequestOptions,
): Promise<CatalogAttribute[] | Pick<UnreadableSource, "state" | "reason">> {
  try {
    const attributes = await client.attributes.list(target, id, { showArchived: true }, options);
    return await Promise.all(
      attributes.map((attribute) => readChoices(client, target, id, attribute, options)),
    );
  } catch (error) {
    const refusal = sourceRefusal(error);
    if (refusal === undefined) throw error;
    return refusal;
  }
}

/** Whether an error says that this object or list cannot be read, and not that the request went wrong. */
export function sourceRefusal(error: unknown): Pick<UnreadableSource, "state" | "reason"> | undefined {
  if (!(error instanceof AttioApiError)) return undefined;
  const reason = `${error.status} ${error.code}: ${error.apiMessage}`;
  if (error.code === "standard_object_disabled") return { state: "disabled", reason };
  if (error instanceof AttioAuthError && error.status === 403) return { state: "forbidden", reason };
  return undefined;
}

async function readChoices(
  client: AttioClient,
  target: AttributeTarget,
  sourceId: string,
  attribute: Attribute,
  options: RequestOptions,
): Promise<CatalogAttribute> {
  const { attribute_id: attributeId } = attribute.id;
  const archived = { showArchived: true };
  // Each endpoint answers an empty list for the other's type, so only the right one is asked.
  const selectOptions =
    attribute.type === "select"
      ? await client.attributes.options(target, sourceId, attributeId, archived, options)
      : [];
  const statuses =
    attribute.type === "status"
      ? await client.attributes.statuses(target, sourceId, attributeId, archived, options)
      : [];
  return {
    description: {
      attributeId,
      objectId: sourceId,
      target,
      apiSlug: clean(attribute.api_slug) ?? attributeId,
      title: clean(attribute.title),
      description: clean(attribute.description),
      type: attribute.type,
      isSystemAttribute: attribute.is_system_attribute,
      isWritable: attribute.is_writable,
      isRequired: attribute.is_required,
      isUnique: attribute.is_unique,
      isMultiselect: attribute.is_multiselect,
      isDefaultValueEnabled: attribute.is_default_value_enabled,
      isArchived: attribute.is_archived,
      defaultValue: cleanDocument(attribute.default_value),
      relationship: cleanDocument(attribute.relationship),
      config: cleanDocument(attribute.config),
      createdAt: attribute.created_at,
    },
    allowedObjectIds: allowedObjectIds(attribute.config),
    options: selectOptions.map((option) => optionRow(sourceId, attributeId, option)),
    statuses: statuses.map((status) => statusRow(sourceId, attributeId, status)),
  };
}

function objectRow(object: AttioObject): CatalogObject {
  return {
    objectId: object.id.object_id,
    // The slug is nullable in the specification; the id names the object as well.
    apiSlug: clean(object.api_slug) ?? object.id.object_id,
    singularNoun: clean(object.singular_noun),
    pluralNoun: clean(object.plural_noun),
    createdAt: object.created_at,
  };
}

function listRow(list: AttioList): CatalogList {
  return {
    listId: list.id.list_id,
    apiSlug: list.api_slug,
    name: clean(list.name),
    parentObject: list.parent_object,
    workspaceAccess: list.workspace_access,
    workspaceMemberAccess: list.workspace_member_access,
    createdByActorType: list.created_by_actor?.type ?? null,
    createdByActorId: list.created_by_actor?.id ?? null,
    createdAt: list.created_at,
  };
}

function optionRow(objectId: string, attributeId: string, option: SelectOption): CatalogOption {
  return {
    optionId: option.id.option_id,
    attributeId,
    objectId,
    title: clean(option.title) ?? "",
    isArchived: option.is_archived,
  };
}

function statusRow(objectId: string, attributeId: string, status: Status): CatalogStatus {
  return {
    statusId: status.id.status_id,
    attributeId,
    objectId,
    title: clean(status.title) ?? "",
    isArchived: status.is_archived,
    celebrationEnabled: status.celebration_enabled,
    targetTimeInStatus: status.target_time_in_status,
  };
}

function clean(text: string | null): string | null {
  return text === null ? null : cleanText(text, { droppedCharacters: 0 });
}

function cleanDocument(document: unknown): unknown {
  return cleanJson(document, { droppedCharacters: 0 });
}
