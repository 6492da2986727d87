import { badRequest, notFound } from "../support/errors.ts";
import type { Attribute, Choice, Container, Item, ListDef, ObjectDef } from "./model.ts";
import type { State } from "./state.ts";

/** How in-process callers name an object or list: an object's slug or id, or either kind spelt out. */
export type Target = string | ObjectDef | ListDef | { readonly object: string } | { readonly list: string };

/** The object of that slug or id. Throws 404 `not_found`, or 400 `standard_object_disabled`. */
export function findObject(state: State, slugOrId: string | ObjectDef): ObjectDef {
  if (typeof slugOrId !== "string") return slugOrId;
  const found = state.objects.get(slugOrId) ?? bySlug(state.objects.values(), slugOrId);
  if (found === undefined) throw notFound(`Object with slug/ID "${slugOrId}" not found.`);
  if (!found.isEnabled) {
    throw badRequest(
      "standard_object_disabled",
      `The Standard object with slug/ID "${slugOrId}" must be enabled by a Workspace admin before it can be used.`,
    );
  }
  return found;
}

/** The list of that slug or id. Throws 404 `not_found`. */
export function findList(state: State, slugOrId: string | ListDef): ListDef {
  if (typeof slugOrId !== "string") return slugOrId;
  const found = state.lists.get(slugOrId) ?? bySlug(state.lists.values(), slugOrId);
  if (found === undefined) throw notFound(`List with slug/ID "${slugOrId}" not found.`);
  return found;
}

/** The object or list that is meant. Throws as {@link findObject} and {@link findList} do. */
export function findContainer(state: State, target: Target): Container {
  if (typeof target === "string") return findObject(state, target);
  if ("kind" in target) return target;
  return "list" in target ? findList(state, target.list) : findObject(state, target.object);
}

/** The attribute of that slug or id, or undefined. */
export function attributeOf(container: Container, slugOrId: string): Attribute | undefined {
  return container.attributes.get(slugOrId) ?? bySlug(container.attributes.values(), slugOrId);
}

/** The attribute of that slug or id. Throws 404 `not_found`. */
export function findAttribute(container: Container, slugOrId: string): Attribute {
  const found = attributeOf(container, slugOrId);
  if (found === undefined) throw notFound(`Attribute with slug/ID "${slugOrId}" not found.`);
  return found;
}

/** The option or status of that title or id, or undefined. */
export function choiceOf(attribute: Attribute, titleOrId: string): Choice | undefined {
  const byId = attribute.choices.get(titleOrId);
  if (byId !== undefined) return byId;
  for (const choice of attribute.choices.values()) if (choice.title === titleOrId) return choice;
  return undefined;
}

/** The record. Throws 404 `not_found`, also for the originals of a merge. */
export function findRecord(object: ObjectDef, recordId: string): Item {
  const item = object.items.get(recordId);
  if (item === undefined) throw notFound(`Record with ID "${recordId}" not found.`);
  return item;
}

/** The entry. Throws 404 `not_found`. */
export function findEntry(list: ListDef, entryId: string): Item {
  const item = list.items.get(entryId);
  if (item === undefined) throw notFound(`Entry with ID "${entryId}" not found.`);
  return item;
}

function bySlug<T extends { readonly slug: string }>(all: Iterable<T>, slug: string): T | undefined {
  for (const one of all) if (one.slug === slug) return one;
  return undefined;
}
