import type { JsonObject } from "../support/json.ts";
import type { Attribute, Choice, ListDef, ObjectDef } from "../store/model.ts";
import type { State } from "../store/state.ts";
import { choiceId, wireActor } from "./values.ts";

/** An object (docs page "Get an object"). */
export function wireObject(state: State, object: ObjectDef): JsonObject {
  return {
    id: { workspace_id: state.workspace.id, object_id: object.id },
    api_slug: object.slug,
    singular_noun: object.singular,
    plural_noun: object.plural,
    created_at: object.createdAt,
  };
}

/** A list (docs page "Get a list"). */
export function wireList(state: State, list: ListDef): JsonObject {
  return {
    id: { workspace_id: state.workspace.id, list_id: list.id },
    api_slug: list.slug,
    name: list.name,
    parent_object: list.parentObjects.map((object) => object.slug),
    workspace_access: list.workspaceAccess,
    workspace_member_access: list.memberAccess.map(({ memberId, level }) => ({
      workspace_member_id: memberId,
      level,
    })),
    created_by_actor: wireActor(list.createdBy),
    created_at: list.createdAt,
  };
}

/** An attribute (docs page "List attributes"); a list's id stands under `object_id`. */
export function wireAttribute(state: State, attribute: Attribute): JsonObject {
  return {
    id: attributeId(state, attribute),
    title: attribute.title,
    description: attribute.description,
    api_slug: attribute.slug,
    type: attribute.type,
    is_system_attribute: attribute.isSystem,
    is_writable: attribute.isWritable,
    is_required: attribute.isRequired,
    is_unique: attribute.isUnique,
    is_multiselect: attribute.isMultiselect,
    is_default_value_enabled: attribute.defaultValue !== null,
    is_archived: attribute.isArchived,
    default_value: attribute.defaultValue,
    relationship: attribute.pair === undefined ? null : wirePair(state, attribute.pair),
    created_at: attribute.createdAt,
    config: {
      currency: {
        default_currency_code: attribute.currency.code,
        display_type: attribute.currency.display,
      },
      record_reference: {
        allowed_object_ids:
          attribute.type === "record-reference" ? attribute.allowedObjects.map((object) => object.id) : null,
      },
    },
  };
}

/** A select option or a status. */
export function wireChoice(state: State, attribute: Attribute, choice: Choice): JsonObject {
  const shared = {
    id: choiceId(state, attribute, choice.id),
    title: choice.title,
    is_archived: choice.isArchived,
  };
  if (attribute.type === "select") return shared;
  return {
    ...shared,
    celebration_enabled: choice.celebrationEnabled,
    target_time_in_status: choice.targetTimeInStatus,
  };
}

function wirePair(state: State, pair: Attribute): JsonObject {
  return {
    id: attributeId(state, pair),
    object_slug: pair.container.slug,
    title: pair.title,
    api_slug: pair.slug,
    is_multiselect: pair.isMultiselect,
  };
}

function attributeId(state: State, attribute: Attribute): JsonObject {
  return {
    workspace_id: state.workspace.id,
    object_id: attribute.container.id,
    attribute_id: attribute.id,
  };
}
