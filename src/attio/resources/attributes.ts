import { z } from "zod";
import { dataBody } from "../body.ts";
import { collect, walkOffsets } from "../pagination.ts";
import { get, type Api, type RequestOptions } from "../requests.ts";
import {
  attributeSchema,
  selectOptionSchema,
  statusSchema,
  type Attribute,
  type SelectOption,
  type Status,
} from "../schemas/attribute.ts";
import type { Archived } from "../window.ts";
import { createAttributeWrites, type AttributeTarget } from "./attribute-writes.ts";

const ATTRIBUTES = "/v2/{target}/{identifier}/attributes";
const ATTRIBUTE = `${ATTRIBUTES}/{attribute}`;
/** No maximum is published. */
const PAGE_SIZE = 200;

export type AttributesResource = ReturnType<typeof createAttributes>;

/** Attributes of objects and lists, with their options and statuses; everything by slug or id. */
export function createAttributes(api: Api) {
  /** All attributes of one object or list, all pages. */
  function list(
    target: AttributeTarget,
    identifier: string,
    { showArchived }: Archived = {},
    options?: RequestOptions,
  ): Promise<Attribute[]> {
    const params = { target, identifier };
    const read = dataBody(z.array(attributeSchema));
    const pages = walkOffsets(
      (window) => {
        const query = { show_archived: showArchived, ...window };
        return api.send(get(ATTRIBUTES, { params, query, read }), options);
      },
      { pageSize: PAGE_SIZE, key: (attribute) => attribute.id.attribute_id },
    );
    return collect(pages);
  }

  /** One attribute. */
  function getAttribute(
    target: AttributeTarget,
    identifier: string,
    attribute: string,
    options?: RequestOptions,
  ): Promise<Attribute> {
    const params = { target, identifier, attribute };
    return api.send(get(ATTRIBUTE, { params, read: dataBody(attributeSchema) }), options);
  }

  /** All options of a select attribute. */
  function selectOptions(
    target: AttributeTarget,
    identifier: string,
    attribute: string,
    { showArchived }: Archived = {},
    options?: RequestOptions,
  ): Promise<SelectOption[]> {
    const params = { target, identifier, attribute };
    const query = { show_archived: showArchived };
    const read = dataBody(z.array(selectOptionSchema));
    return api.send(get(`${ATTRIBUTE}/options`, { params, query, read }), options);
  }

  /** All statuses of a status attribute. */
  function statuses(
    target: AttributeTarget,
    identifier: string,
    attribute: string,
    { showArchived }: Archived = {},
    options?: RequestOptions,
  ): Promise<Status[]> {
    const params = { target, identifier, attribute };
    const query = { show_archived: showArchived };
    const read = dataBody(z.array(statusSchema));
    return api.send(get(`${ATTRIBUTE}/statuses`, { params, query, read }), options);
  }

  return { list, get: getAttribute, options: selectOptions, statuses, ...createAttributeWrites(api) };
}
