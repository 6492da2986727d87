import { badRequest, invalidValue } from "../support/errors.ts";
import { isList, isObject, type Json, type JsonObject } from "../support/json.ts";
import { attributeOf, choiceOf } from "../store/find.ts";
import type { Attribute, Fields, Item, ObjectDef } from "../store/model.ts";
import { assertSettled } from "../store/merging.ts";
import type { State } from "../store/state.ts";
import { parseDomain, parseEmail, parsePhone } from "./contact.ts";
import { unwrap } from "./scalars.ts";
import { uniqueKey } from "./unique-key.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
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
  const name = unwrap(attribute, raw, key);
  if (typeof name !== "string" || name === "") throw invalidValue(attribute.slug, "Expected string", [key]);
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

/** True for the id of an option where a title is expected as well. */
export function isBareOptionId(attribute: Attribute, raw: unknown): boolean {
  return attribute.type === "select" && typeof raw === "string" && attribute.choices.has(raw);
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
  if (typeof raw === "string" || (isObject(raw) && "workspace_member_email_address" in raw)) {
    const email = unwrap(attribute, raw, "workspace_member_email_address");
    if (typeof email !== "string") {
      throw invalidValue(attribute.slug, "Expected string", ["workspace_member_email_address"]);
    }
    const isMeant = sameAddress(email);
    return memberFields(state, attribute, (one) => isMeant(one.emailAddress));
  }
  const { referenced_actor_type: type, referenced_actor_id: id, ...rest } = isObject(raw) ? raw : {};
  if (trusted && typeof type === "string" && id !== undefined) {
    return { referenced_actor_type: type, referenced_actor_id: id };
  }
  if (type !== "workspace-member" || typeof id !== "string") {
    throw invalidValue(attribute.slug, "Expected a workspace member", ["referenced_actor_type"]);
  }
  assertNoMore(attribute, rest);
  return memberFields(state, attribute, (one) => one.id === id.toLowerCase());
}

/** The record of that object which holds the value in its unique attribute, or undefined. */
export function findByUnique(object: ObjectDef, attributeSlug: string, raw: Json): Item | undefined {
  const attribute = attributeOf(object, attributeSlug);
  if (attribute === undefined) return undefined;
  return attribute.holders
    .get(uniqueKey(attribute, keyFields(attribute, raw)))
    ?.values()
    .next().value;
}

/** Compares addresses as mail does, whatever the case. */
export function sameAddress(address: string): (other: string) => boolean {
  const wanted = address.trim().toLowerCase();
  return (other) => other.toLowerCase() === wanted;
}

function byBareString(attribute: Referring, text: string): Item | undefined {
  const [object, another] = attribute.allowedObjects;
  const slug = BARE_STRING_KEYS[object?.slug ?? ""];
  if (object === undefined || another !== undefined || slug === undefined) {
    throw invalidValue(attribute.slug, "Expected object", ["target_object"]);
  }
  return findByUnique(object, slug, text);
}

function byObject(state: State, attribute: Referring, raw: Json): Item | undefined {
  const { target_object: name, ...rest } = isObject(raw) ? raw : {};
  if (typeof name !== "string") throw invalidValue(attribute.slug, "Required", ["target_object"]);
  const object = [...state.objects.values()].find((one) => one.id === name || one.slug === name);
  if (object === undefined) throw badRequest("value_not_found", `Object with slug/ID "${name}" not found.`);
  if (attribute.allowedObjects.length > 0 && !attribute.allowedObjects.includes(object)) {
    throw invalidValue(attribute.slug, "Object is not allowed", ["target_object"]);
  }
  const { target_record_id: id, ...others } = rest;
  if (id === undefined) return byUniqueAttribute(attribute, object, rest);
  if (typeof id !== "string" || !UUID.test(id)) {
    throw invalidValue(attribute.slug, "Invalid uuid", ["target_record_id"]);
  }
  assertNoMore(attribute, others);
  assertSettled(state, id.toLowerCase());
  return object.items.get(id.toLowerCase());
}

/** One unique attribute with one value, as an assert's matching attribute. */
function byUniqueAttribute(attribute: Referring, object: ObjectDef, raw: JsonObject): Item | undefined {
  const [slug, another] = Object.keys(raw);
  const key = slug === undefined || another !== undefined ? undefined : attributeOf(object, slug);
  const given = slug === undefined ? undefined : raw[slug];
  const [value, second] = isList(given) ? given : [given];
  if (key?.isUnique !== true || value === undefined || second !== undefined) {
    throw invalidValue(attribute.slug, "Required", ["target_record_id"]);
  }
  return findByUnique(object, key.id, value);
}

/** The fields by which a unique attribute's value is looked up, normalized as they are stored. */
function keyFields(attribute: Attribute, raw: Json): Fields {
  switch (attribute.type) {
    case "domain":
      return parseDomain(attribute, raw);
    case "email-address":
      return parseEmail(attribute, raw);
    case "phone-number":
      return parsePhone(attribute, raw);
    default:
      return { value: unwrap(attribute, raw, "value") ?? null };
  }
}

/** Like the published schema, which allows no further keys. */
function assertNoMore(attribute: Referring, rest: JsonObject): void {
  const [foreign] = Object.keys(rest);
  if (foreign !== undefined) throw invalidValue(attribute.slug, "Unrecognized key", [foreign]);
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
