import { badRequest, conflict } from "../support/errors.ts";
import { toTime, type TimeInput } from "../support/time.ts";
import { addAttribute } from "./attributes.ts";
import { emitList } from "./events.ts";
import { findList, findObject } from "./find.ts";
import type { AccessLevel, Container, ListDef, ObjectDef } from "./model.ts";
import { removeRecord } from "./records.ts";
import { byCreation, byIdTail, SortedItems } from "./sorted-items.ts";
import { stamp, type State, type WriteOptions } from "./state.ts";

/** A new object. */
export interface ObjectInput {
  slug: string;
  singular: string;
  plural: string;
  isStandard?: boolean;
  isEnabled?: boolean;
  createdAt?: TimeInput;
}

/** A new list. */
export interface ListInput {
  slug: string;
  name: string;
  /** Slug or id of the object, or several (legacy lists). */
  parentObject: string | readonly string[];
  workspaceAccess?: AccessLevel | null;
  memberAccess?: { memberId: string; level: AccessLevel }[];
  createdAt?: TimeInput;
}

/** Creates an object with the attributes that every object has. Throws 409 `slug_conflict`. */
export function createObject(state: State, input: ObjectInput): ObjectDef {
  assertFreeObject(state, input.slug);
  const object: ObjectDef = {
    kind: "object",
    ...emptyContainer(state, input),
    isStandard: input.isStandard ?? false,
    isEnabled: input.isEnabled ?? true,
    singular: input.singular,
    plural: input.plural,
  };
  state.objects.set(object.id, object);
  addSystemAttributes(state, object, "record_id");
  return object;
}

/** Changes an object. Throws 409 `slug_conflict`, 404 `not_found`. */
export function updateObject(
  state: State,
  slugOrId: string,
  patch: { slug?: string; singular?: string; plural?: string },
): ObjectDef {
  const object = findObject(state, slugOrId);
  if (patch.slug !== undefined && patch.slug !== object.slug) assertFreeObject(state, patch.slug);
  Object.assign(object, patch);
  state.schemaVersion++;
  return object;
}

/** Switches a standard object on or off, as a workspace admin can. */
export function setObjectEnabled(state: State, slugOrId: string, isEnabled: boolean): void {
  for (const object of state.objects.values()) {
    if (object.id === slugOrId || object.slug === slugOrId) object.isEnabled = isEnabled;
  }
}

/** Deletes a custom object with its records. Throws 400 for a standard object. */
export function deleteObject(state: State, slugOrId: string, options: WriteOptions = {}): void {
  const object = findObject(state, slugOrId);
  if (object.isStandard) throw badRequest("system_edit_unauthorized", "Standard objects cannot be deleted.");
  const written = stamp(state, options);
  for (const record of [...object.items.values()]) removeRecord(state, record, written);
  state.objects.delete(object.id);
  state.schemaVersion++;
}

/** Creates a list. Throws 409 `slug_conflict`, 404 `not_found` for its parent object. */
export function createList(state: State, input: ListInput, options: WriteOptions = {}): ListDef {
  assertFreeList(state, input.slug);
  const parents = typeof input.parentObject === "string" ? [input.parentObject] : input.parentObject;
  const { by } = stamp(state, options);
  const list: ListDef = {
    kind: "list",
    ...emptyContainer(state, input),
    parentObjects: parents.map((name) => findObject(state, name)),
    createdBy: by,
    name: input.name,
    workspaceAccess: input.workspaceAccess === undefined ? "full-access" : input.workspaceAccess,
    memberAccess: input.memberAccess ?? [],
    isHidden: false,
  };
  state.lists.set(list.id, list);
  addSystemAttributes(state, list, "entry_id");
  emitList(state, "created", list, by);
  return list;
}

/** Changes a list. Throws 409 `slug_conflict`, 404 `not_found`. */
export function updateList(
  state: State,
  slugOrId: string,
  patch: Partial<Pick<ListDef, "slug" | "name" | "workspaceAccess" | "memberAccess">>,
  options: WriteOptions = {},
): ListDef {
  const list = findList(state, slugOrId);
  if (patch.slug !== undefined && patch.slug !== list.slug) assertFreeList(state, patch.slug);
  Object.assign(list, patch);
  state.schemaVersion++;
  emitList(state, "updated", list, stamp(state, options).by);
  return list;
}

/** Deletes a list with its entries, as only the user interface can. */
export function deleteList(state: State, slugOrId: string, options: WriteOptions = {}): void {
  const list = findList(state, slugOrId);
  for (const entry of list.items.values()) {
    state.items.delete(entry.id);
    if (entry.parent !== undefined) state.entriesOf.get(entry.parent.id)?.delete(entry);
  }
  state.lists.delete(list.id);
  emitList(state, "deleted", list, stamp(state, options).by);
}

/** Takes a list away from the token, or gives it back. */
export function setListHidden(state: State, slugOrId: string, isHidden: boolean): void {
  findList(state, slugOrId).isHidden = isHidden;
}

type ContainerBase = Pick<
  Container,
  "id" | "createdAt" | "slug" | "attributes" | "items" | "byTime" | "byTail"
>;

function emptyContainer(state: State, input: { slug: string; createdAt?: TimeInput }): ContainerBase {
  return {
    id: state.random.uuid(),
    createdAt: input.createdAt === undefined ? state.now() : toTime(input.createdAt),
    slug: input.slug,
    attributes: new Map(),
    items: new Map(),
    byTime: new SortedItems(byCreation),
    byTail: new SortedItems(byIdTail),
  };
}

function addSystemAttributes(state: State, container: Container, idSlug: "record_id" | "entry_id"): void {
  const protectedBy = { isSystem: true, isWritable: false } as const;
  const at = container.createdAt;
  const idTitle = idSlug === "record_id" ? "Record ID" : "Entry ID";
  addAttribute(
    state,
    container,
    { slug: idSlug, title: idTitle, type: "text", isUnique: true, virtual: "id", ...protectedBy },
    at,
  );
  addAttribute(
    state,
    container,
    { slug: "created_at", title: "Created at", type: "timestamp", virtual: "created_at", ...protectedBy },
    at,
  );
  addAttribute(
    state,
    container,
    {
      slug: "created_by",
      title: "Created by",
      type: "actor-reference",
      virtual: "created_by",
      ...protectedBy,
    },
    at,
  );
  if (container.kind === "object") return;
  addAttribute(
    state,
    container,
    {
      slug: "parent_record",
      title: "Parent record",
      type: "record-reference",
      virtual: "parent_record",
      allowedObjects: container.parentObjects.map((object) => object.id),
      ...protectedBy,
    },
    at,
  );
}

function assertFreeObject(state: State, slug: string): void {
  if (![...state.objects.values()].some((object) => object.slug === slug)) return;
  throw conflict(
    "slug_conflict",
    "Failed to create object. Please ensure your api_slug and names are unique.",
  );
}

function assertFreeList(state: State, slug: string): void {
  if (![...state.lists.values()].some((list) => list.slug === slug)) return;
  throw conflict("slug_conflict", `A list with the slug "${slug}" already exists.`);
}
