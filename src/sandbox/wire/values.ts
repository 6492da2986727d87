import type { Json, JsonObject } from "../support/json.ts";
import type { Actor, Attribute, Fields, Interval, Item } from "../store/model.ts";
import { slotOf } from "../store/slots.ts";
import { SYSTEM, type State } from "../store/state.ts";
import { referenceTo } from "../values/references.ts";

/** The values of an attribute that are true now, those included that an item has by its nature. */
export function activeValues(item: Item, attribute: Attribute): readonly Interval[] {
  if (attribute.virtual === undefined) return slotOf(item, attribute).active;
  const fields = virtualFields(item, attribute.virtual);
  return fields === undefined ? [] : [{ from: item.createdAt, until: null, actor: SYSTEM, fields }];
}

/** All values, oldest first by `active_from`. */
export function allValues(item: Item, attribute: Attribute): readonly Interval[] {
  if (attribute.virtual !== undefined) return activeValues(item, attribute);
  const { past, active } = slotOf(item, attribute);
  return [...past, ...active].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
}

/** A value as Attio writes it: the envelope, then the type's own fields (docs page "Attribute types"). */
export function wireValue(state: State, attribute: Attribute, interval: Interval): JsonObject {
  return {
    active_from: interval.from,
    active_until: interval.until,
    created_by_actor: wireActor(interval.actor),
    ...wireFields(state, attribute, interval.fields),
    attribute_type: attribute.type,
  };
}

/** An actor as JSON. */
export function wireActor(actor: Actor): JsonObject {
  return { type: actor.type, id: actor.id };
}

/** The id tuple of an attribute's option or status; a list's id stands under `object_id` too. */
export function choiceId(state: State, attribute: Attribute, choice: string): JsonObject {
  return {
    workspace_id: state.workspace.id,
    object_id: attribute.container.id,
    attribute_id: attribute.id,
    [attribute.type === "status" ? "status_id" : "option_id"]: choice,
  };
}

function wireFields(state: State, attribute: Attribute, fields: Fields): JsonObject {
  if (attribute.type === "select") return { option: wireChoice(state, attribute, fields["option"]) };
  if (attribute.type === "status") return { status: wireChoice(state, attribute, fields["status"]) };
  if (attribute.type !== "record-reference") return fields;
  const id = fields["target_object"];
  const slug = typeof id === "string" ? state.objects.get(id)?.slug : undefined;
  return { target_object: slug ?? id ?? null, target_record_id: fields["target_record_id"] ?? null };
}

function wireChoice(state: State, attribute: Attribute, id: Json | undefined): Json {
  const choice = typeof id === "string" ? attribute.choices.get(id) : undefined;
  if (choice === undefined) return null;
  const shared = {
    title: choice.title,
    is_archived: choice.isArchived,
    id: choiceId(state, attribute, choice.id),
  };
  if (attribute.type === "select") return shared;
  return {
    ...shared,
    celebration_enabled: choice.celebrationEnabled,
    target_time_in_status: choice.targetTimeInStatus,
  };
}

function virtualFields(item: Item, virtual: NonNullable<Attribute["virtual"]>): Fields | undefined {
  switch (virtual) {
    case "id":
      return { value: item.id };
    case "created_at":
      return { value: item.createdAt };
    case "created_by":
      return { referenced_actor_type: item.createdBy.type, referenced_actor_id: item.createdBy.id };
    case "parent_record":
      return item.parent && referenceTo(item.parent);
  }
}
