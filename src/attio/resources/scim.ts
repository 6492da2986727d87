import type { JsonObject } from "../../lib/json.ts";
import { jsonBody } from "../body.ts";
import { get, remove, type Api, type ApiRequest, type RequestOptions } from "../requests.ts";
import {
  scimListSchema,
  scimResourceSchema,
  scimSchemasSchema,
  type ScimList,
  type ScimResource,
} from "../schemas/scim.ts";

/** Which part of a SCIM listing. */
export interface ScimQuery {
  /** In SCIM's own language, e.g. `userName eq "a@b.c"`. */
  readonly filter?: string | undefined;
  /** From 1. */
  readonly startIndex?: number | undefined;
  readonly count?: number | undefined;
}

export type ScimApi = ReturnType<typeof createScim>;

/** User provisioning by SCIM 2.0 (RFC 7644); bodies are in SCIM's shapes, not in Attio's envelope. */
export function createScim(api: Api) {
  return {
    /** The schemas that Attio supports. */
    schemas: async (options?: RequestOptions): Promise<unknown[]> => {
      const body = await api.send(get("/scim/v2/Schemas", { read: jsonBody(scimSchemasSchema) }), options);
      return body.Resources;
    },
    /** Deleting a user suspends the member. */
    users: createScimResource(api, "/scim/v2/Users"),
    groups: createScimResource(api, "/scim/v2/Groups"),
  };
}

function createScimResource(api: Api, collection: string) {
  const one = `${collection}/{id}`;

  function list({ filter, startIndex, count }: ScimQuery = {}, options?: RequestOptions): Promise<ScimList> {
    const query = { filter, startIndex, count };
    return api.send(get(collection, { query, read: jsonBody(scimListSchema) }), options);
  }

  function getOne(id: string, options?: RequestOptions): Promise<ScimResource> {
    return api.send(get(one, { params: { id }, read: jsonBody(scimResourceSchema) }), options);
  }

  function create(resource: JsonObject, options?: RequestOptions): Promise<ScimResource> {
    return api.send(
      { ...writing("POST", collection, resource), read: jsonBody(scimResourceSchema) },
      options,
    );
  }

  /** Null where SCIM answers without a body, as for a pending invitation that is withdrawn. */
  function replace(id: string, resource: JsonObject, options?: RequestOptions): Promise<ScimResource | null> {
    return api.send({ ...writing("PUT", one, resource), params: { id }, read: resourceOrNothing }, options);
  }

  /** As `replace`, with SCIM's PatchOp; not repeated, since operations may add. */
  function update(id: string, patchOp: JsonObject, options?: RequestOptions): Promise<ScimResource | null> {
    return api.send({ ...writing("PATCH", one, patchOp), params: { id }, read: resourceOrNothing }, options);
  }

  function deleteOne(id: string, options?: RequestOptions): Promise<void> {
    return remove(api, { route: one, params: { id } }, options);
  }

  return { list, get: getOne, create, replace, update, delete: deleteOne };
}

function writing(method: "POST" | "PUT" | "PATCH", route: string, body: JsonObject) {
  const request = { method, route, body, kind: "write", idempotent: method === "PUT" } as const;
  return request satisfies Omit<ApiRequest<unknown>, "read">;
}

function resourceOrNothing(status: number) {
  const sink = status === 204 ? undefined : jsonBody(scimResourceSchema)();
  return { write: (chunk: Buffer) => sink?.write(chunk), end: () => sink?.end() ?? null };
}
