import { z } from "zod";
import { dataBody, pageBody, type Page } from "../body.ts";
import { create, get, patch, remove, type Api, type RequestOptions } from "../requests.ts";
import { objectSchema, type AttioObject } from "../schemas/object.ts";
import { viewSchema, type View } from "../schemas/view.ts";
import type { Archived, CursorWindow } from "../window.ts";

/** What can be said of an object. */
export type ObjectFields = {
  readonly api_slug: string;
  readonly singular_noun: string;
  readonly plural_noun: string;
};

const OBJECTS = "/v2/objects";
const OBJECT = `${OBJECTS}/{object}`;

export type ObjectsResource = ReturnType<typeof createObjects>;

/** Objects: standard ones that are enabled, and custom ones. */
export function createObjects(api: Api) {
  /** All objects; Attio does not page them. */
  function list(options?: RequestOptions): Promise<AttioObject[]> {
    return api.send(get(OBJECTS, { read: dataBody(z.array(objectSchema)) }), options);
  }

  /** One object, by slug or id. Throws AttioNotFoundError, or AttioValidationError `standard_object_disabled`. */
  function getObject(object: string, options?: RequestOptions): Promise<AttioObject> {
    return api.send(get(OBJECT, { params: { object }, read: dataBody(objectSchema) }), options);
  }

  /** Makes a custom object. Throws AttioConflictError `slug_conflict`, AttioValidationError `quota_exceeded`. */
  function createObject(object: ObjectFields, options?: RequestOptions): Promise<AttioObject> {
    return api.send(create(OBJECTS, { data: object, read: dataBody(objectSchema) }), options);
  }

  /** Changes what is named, at least one field. */
  function update(
    object: string,
    fields: Partial<ObjectFields>,
    options?: RequestOptions,
  ): Promise<AttioObject> {
    return api.send(
      patch(OBJECT, { params: { object }, data: fields, read: dataBody(objectSchema) }),
      options,
    );
  }

  /** Deletes a custom object and all its records. */
  function deleteObject(object: string, options?: RequestOptions): Promise<void> {
    return remove(api, { route: OBJECT, params: { object } }, options);
  }

  /** A page of an object's saved views, at most 1000; Attio's default is 500. */
  function views(
    object: string,
    { showArchived, limit, cursor }: Archived & CursorWindow = {},
    options?: RequestOptions,
  ): Promise<Page<View>> {
    const query = { show_archived: showArchived, limit, cursor };
    return api.send(
      get(`${OBJECT}/views`, { params: { object }, query, read: pageBody(viewSchema) }),
      options,
    );
  }

  return { list, get: getObject, create: createObject, update, delete: deleteObject, views };
}
