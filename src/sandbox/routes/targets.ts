import { param, type Call } from "../http/route.ts";
import { notFound } from "../support/errors.ts";
import { findAttribute } from "../store/find.ts";
import type { Attribute, Container, ListDef, ObjectDef } from "../store/model.ts";

/** The two kinds of things that have attributes and items; the word stands in the path. */
export type TargetKind = "objects" | "lists";

/** The object named in the path. Throws 404, or 400 `standard_object_disabled`. */
export function objectOf(call: Call): ObjectDef {
  return call.store.object(param(call, "object"));
}

/** The list named in the path. Throws 404, also if it isn't shared with the token. */
export function listOf(call: Call): ListDef {
  return visibleList(call, param(call, "list"));
}

/** A list by slug or id. Throws 404, also if it isn't shared with the token. */
export function visibleList(call: Call, slugOrId: string): ListDef {
  const list = call.store.list(slugOrId);
  if (list.isHidden) throw notFound(`List with slug/ID "${slugOrId}" not found.`);
  return list;
}

/** The object or list named in the path. */
export function containerOf(call: Call, kind: TargetKind): Container {
  return kind === "objects" ? objectOf(call) : listOf(call);
}

/** The attribute named in the path. Throws 404. */
export function attributeOfCall(call: Call, container: Container): Attribute {
  return findAttribute(container, param(call, "attribute"));
}

/** The path's parameter for the object or list. */
export function targetParam(kind: TargetKind): string {
  return kind === "objects" ? ":object" : ":list";
}

/** Scopes for reading or changing the attributes of objects or lists (docs page "List attributes"). */
export function configurationScope(kind: TargetKind, access: "read" | "read-write"): string {
  return `${kind === "objects" ? "object" : "list"}_configuration:${access}`;
}
