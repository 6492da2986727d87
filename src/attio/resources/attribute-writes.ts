import type { JsonObject } from "../../lib/json.ts";
import { dataBody } from "../body.ts";
import { create, patch, type Api, type RequestOptions } from "../requests.ts";
import {
  attributeSchema,
  selectOptionSchema,
  statusSchema,
  type Attribute,
  type SelectOption,
  type Status,
} from "../schemas/attribute.ts";

/** What attributes belong to. */
export type AttributeTarget = "objects" | "lists";

/** An object or a list, by slug or id. */
export interface AttributeOwner {
  readonly target: AttributeTarget;
  readonly identifier: string;
}

/** One attribute, by slug or id. */
export interface AttributePlace extends AttributeOwner {
  readonly attribute: string;
}

/** An attribute to make (docs: "Create an attribute"). */
export type NewAttribute = {
  readonly title: string;
  readonly description: string | null;
  readonly api_slug: string;
  readonly type: string;
  readonly is_required: boolean;
  readonly is_unique: boolean;
  readonly is_multiselect: boolean;
  /** `{}` where the type needs none. */
  readonly config: JsonObject;
  readonly default_value?: JsonObject | null;
  /** Only for record references: makes the other side too. */
  readonly relationship?: {
    readonly object: string;
    readonly title: string;
    readonly api_slug: string;
    readonly is_multiselect: boolean;
  };
};

/** What can be changed of an attribute; it can be archived, never deleted. */
export type AttributeFields = Partial<
  Omit<NewAttribute, "type" | "is_multiselect" | "relationship"> & { readonly is_archived: boolean }
>;

/** What can be said of an option. */
export type OptionFields = { readonly title: string; readonly is_archived?: boolean };

/** What can be said of a status. */
export type StatusFields = OptionFields & {
  readonly celebration_enabled?: boolean;
  /** An ISO 8601 duration. */
  readonly target_time_in_status?: string | null;
};

const ATTRIBUTES = "/v2/{target}/{identifier}/attributes";
const ATTRIBUTE = `${ATTRIBUTES}/{attribute}`;

/** What changes attributes, options and statuses. */
export function createAttributeWrites(api: Api) {
  /** Throws AttioConflictError `slug_conflict`. */
  function createAttribute(
    { target, identifier }: AttributeOwner,
    attribute: NewAttribute,
    options?: RequestOptions,
  ): Promise<Attribute> {
    const params = { target, identifier };
    return api.send(
      create(ATTRIBUTES, { params, data: attribute, read: dataBody(attributeSchema) }),
      options,
    );
  }

  /** Changes what is named. */
  function update(
    place: AttributePlace,
    fields: AttributeFields,
    options?: RequestOptions,
  ): Promise<Attribute> {
    const read = dataBody(attributeSchema);
    return api.send(patch(ATTRIBUTE, { params: { ...place }, data: fields, read }), options);
  }

  /** Throws AttioConflictError `slug_conflict` if the title is taken. */
  function createOption(
    place: AttributePlace,
    { title }: Pick<OptionFields, "title">,
    options?: RequestOptions,
  ): Promise<SelectOption> {
    const read = dataBody(selectOptionSchema);
    return api.send(create(`${ATTRIBUTE}/options`, { params: { ...place }, data: { title }, read }), options);
  }

  /** Changes what is named; `option` is an id or a title. */
  function updateOption(
    { option, ...place }: AttributePlace & { readonly option: string },
    fields: Partial<OptionFields>,
    options?: RequestOptions,
  ): Promise<SelectOption> {
    const params = { ...place, option };
    const read = dataBody(selectOptionSchema);
    return api.send(patch(`${ATTRIBUTE}/options/{option}`, { params, data: fields, read }), options);
  }

  /** Throws AttioConflictError `slug_conflict` if the title is taken. */
  function createStatus(
    place: AttributePlace,
    fields: Omit<StatusFields, "is_archived">,
    options?: RequestOptions,
  ): Promise<Status> {
    const read = dataBody(statusSchema);
    return api.send(create(`${ATTRIBUTE}/statuses`, { params: { ...place }, data: fields, read }), options);
  }

  /** Changes what is named; `status` is an id or a title. */
  function updateStatus(
    { status, ...place }: AttributePlace & { readonly status: string },
    fields: Partial<StatusFields>,
    options?: RequestOptions,
  ): Promise<Status> {
    const params = { ...place, status };
    const read = dataBody(statusSchema);
    return api.send(patch(`${ATTRIBUTE}/statuses/{status}`, { params, data: fields, read }), options);
  }

  return { create: createAttribute, update, createOption, updateOption, createStatus, updateStatus };
}
