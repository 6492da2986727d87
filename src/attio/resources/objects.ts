import { z } from "zod";
import { dataBody } from "../body.ts";
import { get, type Api } from "../requests.ts";
import { objectSchema, type AttioObject } from "../schemas/object.ts";
import type { RequestOptions } from "../transport.ts";

export type ObjectsResource = ReturnType<typeof createObjects>;

/** Objects: standard ones that are enabled, and custom ones. */
export function createObjects(api: Api) {
  /** All objects; Attio does not page them. */
  function list(options?: RequestOptions): Promise<AttioObject[]> {
    return api.send(get("/v2/objects", { read: dataBody(z.array(objectSchema)) }), options);
  }

  /** One object, by slug or id. Throws AttioNotFoundError, or AttioValidationError `standard_object_disabled`. */
  function getObject(object: string, options?: RequestOptions): Promise<AttioObject> {
    return api.send(
      get("/v2/objects/{object}", { params: { object }, read: dataBody(objectSchema) }),
      options,
    );
  }

  return { list, get: getObject };
}
