import { data, type Call, type Reply, type Route } from "../http/route.ts";
import { flag, windowOf } from "../http/params.ts";
import type { Attribute, Choice } from "../store/model.ts";
import { wireAttribute, wireChoice, wireList, wireObject } from "../wire/schema.ts";
import {
  attributeOfCall,
  configurationScope,
  containerOf,
  listOf,
  objectOf,
  targetParam,
  type TargetKind,
} from "./targets.ts";

/** No page size is documented for attributes. */
const ATTRIBUTES_PAGE = 500;

/** Reading objects, lists, attributes, options and statuses. */
export function schemaRoutes(): Route[] {
  return [...objectRoutes(), ...listRoutes(), ...attributeRoutes("objects"), ...attributeRoutes("lists")];
}

function objectRoutes(): Route[] {
  const scopes = ["object_configuration:read"];
  return [
    {
      method: "GET",
      url: "/v2/objects",
      scopes,
      kind: "read",
      handle: ({ store }) =>
        data(
          store
            .objects()
            .filter((one) => one.isEnabled)
            .map((one) => wireObject(store.state, one)),
        ),
    },
    {
      method: "GET",
      url: "/v2/objects/:object",
      scopes,
      kind: "read",
      handle: (call) => data(wireObject(call.store.state, objectOf(call))),
    },
  ];
}

function listRoutes(): Route[] {
  const scopes = ["list_configuration:read"];
  return [
    {
      method: "GET",
      url: "/v2/lists",
      scopes,
      kind: "read",
      handle: ({ store }) =>
        data(
          store
            .lists()
            .filter((one) => !one.isHidden)
            .map((one) => wireList(store.state, one)),
        ),
    },
    {
      method: "GET",
      url: "/v2/lists/:list",
      scopes,
      kind: "read",
      handle: (call) => data(wireList(call.store.state, listOf(call))),
    },
  ];
}

function attributeRoutes(kind: TargetKind): Route[] {
  const base = `/v2/${kind}/${targetParam(kind)}/attributes`;
  const scopes = [configurationScope(kind, "read")];
  const read = (url: string, handle: (call: Call) => Reply): Route => ({
    method: "GET",
    url,
    scopes,
    kind: "read",
    handle,
  });
  return [
    read(base, (call) => listAttributes(call, kind)),
    read(`${base}/:attribute`, (call) =>
      data(wireAttribute(call.store.state, attributeOfCall(call, containerOf(call, kind)))),
    ),
    read(`${base}/:attribute/options`, (call) => listChoices(call, kind, "select")),
    read(`${base}/:attribute/statuses`, (call) => listChoices(call, kind, "status")),
  ];
}

function listAttributes(call: Call, kind: TargetKind): Reply {
  const withArchived = flag(call, "show_archived") ?? false;
  const { limit, offset } = windowOf(call, "attributes", ATTRIBUTES_PAGE, ATTRIBUTES_PAGE);
  const all = [...containerOf(call, kind).attributes.values()];
  const shown = all.filter((attribute) => withArchived || !attribute.isArchived);
  return data(shown.slice(offset, offset + limit).map((one) => wireAttribute(call.store.state, one)));
}

/** Asked of an attribute of another type, the answer is an empty list, not an error. */
function listChoices(call: Call, kind: TargetKind, type: "select" | "status"): Reply {
  const withArchived = flag(call, "show_archived") ?? false;
  const attribute = attributeOfCall(call, containerOf(call, kind));
  const choices = attribute.type === type ? shownChoices(attribute, withArchived) : [];
  return data(choices.map((choice) => wireChoice(call.store.state, attribute, choice)));
}

function shownChoices(attribute: Attribute, withArchived: boolean): Choice[] {
  return [...attribute.choices.values()].filter((choice) => withArchived || !choice.isArchived);
}
