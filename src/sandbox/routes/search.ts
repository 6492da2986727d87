import { z } from "zod";
import { badRequest } from "../support/errors.ts";
import { readBody } from "../http/body.ts";
import { data, type Call, type Reply, type Route } from "../http/route.ts";
import type { JsonObject } from "../support/json.ts";
import { attributeOf } from "../store/find.ts";
import { activeFields } from "../store/links.ts";
import type { Container, Item } from "../store/model.ts";
import { RECORD_READ } from "./items.ts";
import { listOf, objectOf } from "./targets.ts";

const body = z.object({
  query: z.string().max(256),
  objects: z.array(z.string()).min(1),
  limit: z.number().int().min(1).max(25).default(25),
  request_as: z.looseObject({ type: z.enum(["workspace", "workspace-member"]) }),
});

/** Fuzzy search of records, and views, of which the sandbox has none. */
export function searchRoutes(): Route[] {
  return [
    { method: "POST", url: "/v2/objects/records/search", scopes: RECORD_READ, kind: "read", handle: search },
    {
      method: "GET",
      url: "/v2/objects/:object/views",
      scopes: ["object_configuration:read"],
      kind: "read",
      handle: noViews(objectOf),
    },
    {
      method: "GET",
      url: "/v2/lists/:list/views",
      scopes: ["list_configuration:read"],
      kind: "read",
      handle: noViews(listOf),
    },
  ];
}

/** The sandbox has no views, but asking for those of what doesn't exist is still an error. */
function noViews(find: (call: Call) => Container): Route["handle"] {
  return (call) => {
    find(call);
    return { body: { data: [], pagination: { next_cursor: null } } };
  };
}

/** Attio's own relevance isn't known: whatever has the text in its name, addresses or domains is found. */
function search(call: Call): Reply {
  const { query, objects, limit } = readBody(call, body);
  const needle = query.toLowerCase();
  const found: JsonObject[] = [];
  for (const slug of objects) {
    const object = call.store.objects().find((one) => one.slug === slug || one.id === slug);
    if (object === undefined) throw badRequest("value_not_found", `Object with slug/ID "${slug}" not found.`);
    for (const record of object.byTime.items) {
      if (found.length >= limit) break;
      const result = resultOf(call, record);
      if (JSON.stringify(Object.values(result)).toLowerCase().includes(needle)) found.push(result);
    }
  }
  return data(found);
}

function resultOf(call: Call, record: Item): JsonObject {
  const texts = (slug: string, key: string): string[] => {
    const attribute = attributeOf(record.container, slug);
    const values = attribute === undefined ? [] : activeFields(record, attribute);
    return values.map((fields) => fields[key]).filter((value) => typeof value === "string");
  };
  const object = record.container.slug;
  const workspace_id = call.store.workspaceId;
  return {
    id: { workspace_id, object_id: record.container.id, record_id: record.id },
    record_text: [...texts("name", "full_name"), ...texts("name", "value")][0] ?? "",
    record_image: null,
    object_slug: object,
    ...(object === "people" && {
      email_addresses: texts("email_addresses", "email_address"),
      phone_numbers: texts("phone_numbers", "phone_number"),
    }),
    ...(object === "companies" && { domains: texts("domains", "domain") }),
  };
}
