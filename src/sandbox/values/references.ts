import { badRequest, invalidValue } from "../support/errors.ts";
import { isObject, type Json, type JsonObject } from "../support/json.ts";
import { attributeOf, choiceOf } from "../store/find.ts";
import type { Attribute, Fields, Item, ObjectDef } from "../store/model.ts";
import type { State } from "../store/state.ts";
import { unwrap } from "./scalars.ts";
import { uniqueKey } from "./unique-key.ts";

/** By which attribute a bare string names a record of a standard object. */
const BARE_STRING_KEYS: Readonly<Record<string, string>> = {
  companies: "domains",
  people: "email_addresses",
  users: "user_id",
  workspaces: "workspace_id",
};

/** What a reference must know of its attribute. */
type Referring = Pick<Attribute, "slug" | "allowedObjects">;

/** `select` and `status`: the title or the id, bare or under the type's key. */
export function parseChoice(attribute: Attribute, raw: Json): Fields {
  const key = attribute.type === "status" ? "status" : "option";
  const name = unwrap(raw, key);
  if (typeof name !== "string") throw invalidValue(attribute.slug, "Expected string", [key]);
  const choice = choiceOf(attribute, name);
  if (choice === undefined) {
    const kind = attribute.type === "status" ? "status" : "select option";
    throw badRequest(
      "value_not_found",
      `Cannot find ${attribute.type} attribute with ${kind} title "${name}".`,
    );
  }
  return { [key]: choice.id };
}

/** `record-reference`: by object and id, by a unique attribute, or a bare string where one standard object is allowed. */
export function parseReference(state: State, attribute: Referring, raw: Json): Fields {
  const target = typeof raw === "string" ? byBareString(attribute, raw) : byObject(state, attribute, raw);
  if (target === undefined) {
    throw badRequest(
      "value_not_found",
      `Cannot find a record for the value of attribute with slug "${attribute.slug}".`,
    );
  }
  return referenceTo(target);
}

/** The fields that refer to a record. */
export function referenceTo(record: Item): Fields {
  return { target_object: record.container.id, target_record_id: record.id };
}

/** `actor-reference`: a member's email address, or type and id; only workspace members may be written. */
export function parseActor(state: State, attribute: Attribute, raw: Json, trusted: boolean): Fields {
  const email = unwrap(raw, "workspace_member_email_address");
  if (typeof email === "string") return memberFields(state, attribute, (one) => one.emailAddress === email);
  const type = isObject(raw) ? raw["referenced_actor_type"] : undefined;
  const id = isObject(raw) ? raw["referenced_actor_id"] : undefined;
  if (trusted && typeof type === "string" && id !== undefined) {
    return { referenced_actor_type: type, referenced_actor_id: id };
  }
  if (type !== "workspace-member" || typeof id !== "string") {
    throw invalidValue(attribute.slug, "Expected a workspace member", ["referenced_actor_type"]);
  }
  return memberFields(state, attribute, (one) => one.id === id);
}

/** The record of that object which holds the value in its unique attribute, or undefined. */
export function findByUnique(object: ObjectDef, attributeSlug: string, key: string): Item | undefined {
  const attribute = attributeOf(object, attributeSlug);
  return attribute?.holders.get(key)?.values().next().value;
}

function byBareString(attribute: Referring, text: string): Item | undefined {
  const [object, another] = attribute.allowedObjects;
  const slug = BARE_STRING_KEYS[object?.slug ?? ""];
  if (object === undefined || another !== undefined || slug === undefined) {
    throw invalidValue(attribute.slug, "Expected object", ["target_object"]);
  }
  return findByUnique(object, slug, text.trim().toLowerCase());
}

function byObject(state: State, attribute: Referring, raw: Json): Item | undefined {
  const name = isObject(raw) ? raw["target_object"] : undefined;
  if (!isObject(raw) || typeof name !== "string") {
    throw invalidValue(attribute.slug, "Required", ["target_object"]);
  }
  const object = [...state.objects.values()].find((one) => one.id === name || one.slug === name);
  if (object === undefined) throw badRequest("value_not_found", `Object with slug/ID "${name}" not found.`);
  if (attribute.allowedObjects.length > 0 && !attribute.allowedObjects.includes(object)) {
    throw invalidValue(attribute.slug, "Object is not allowed", ["target_object"]);
  }
  const id = raw["target_record_id"];
  return typeof id === "string" ? object.items.get(id) : byUniqueAttribute(attribute, object, raw);
}

function byUniqueAttribute(attribute: Referring, object: ObjectDef, raw: JsonObject): Item | undefined {
  const [slug, another] = Object.keys(raw).filter((key) => key !== "target_object");
  const key = slug === undefined ? undefined : attributeOf(object, slug);
  const given = slug === undefined ? undefined : raw[slug];
  const [value, second] = Array.isArray(given) ? (given as readonly Json[]) : [given];
  if (
    key === undefined ||
    another !== undefined ||
    value === undefined ||
    second !== undefined ||
    !key.isUnique
  ) {
    throw invalidValue(attribute.slug, "Required", ["target_record_id"]);
  }
  const fields = isObject(value) ? value : { value, domain: value, email_address: value };
  return key.holders.get(uniqueKey(key, fields))?.values().next().value;
}

function memberFields(
  state: State,
  attribute: Attribute,
  test: (member: { id: string; emailAddress: string }) => boolean,
): Fields {
  for (const member of state.members.values()) {
    if (test(member)) return { referenced_actor_type: "workspace-member", referenced_actor_id: member.id };
  }
  throw badRequest(
    "value_not_found",
    `Cannot find the workspace member for attribute with slug "${attribute.slug}".`,
  );
}
