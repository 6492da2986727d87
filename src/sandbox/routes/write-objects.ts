import { z } from "zod";
import { badRequest, invalidPayload } from "../support/errors.ts";
import { readData, uuidText } from "../http/body.ts";
import { actorOf, data, type Call, type Reply, type Route } from "../http/route.ts";
import { wireList, wireObject } from "../wire/schema.ts";
import { listOf, objectOf } from "./targets.ts";

const slug = z.string().min(1);
const noun = z.string().min(1);
const objectBody = z.object({ api_slug: slug, singular_noun: noun, plural_noun: noun });
const access = z.enum(["full-access", "read-and-write", "read-only"]);
const listShared = {
  name: z.string(),
  api_slug: slug,
  workspace_access: access.nullable(),
  workspace_member_access: z.array(z.object({ workspace_member_id: uuidText, level: access })),
};
const listBody = z.object({ ...listShared, parent_object: z.string() });
const listPatch = z.object(listShared).partial();

/** Creating, changing and deleting objects; creating and changing lists (docs pages "Objects" and "Lists"). */
export function objectWriteRoutes(): Route[] {
  const objects = ["object_configuration:read-write"];
  const lists = ["list_configuration:read-write"];
  return [
    { method: "POST", url: "/v2/objects", scopes: objects, kind: "write", handle: createObject },
    { method: "PATCH", url: "/v2/objects/:object", scopes: objects, kind: "write", handle: updateObject },
    {
      method: "DELETE",
      url: "/v2/objects/:object",
      scopes: [...objects, "record_permission:read-write"],
      kind: "write",
      handle: deleteObject,
    },
    { method: "POST", url: "/v2/lists", scopes: lists, kind: "write", handle: createList },
    { method: "PATCH", url: "/v2/lists/:list", scopes: lists, kind: "write", handle: updateList },
  ];
}

function createObject(call: Call): Reply {
  const body = readData(call, objectBody);
  const input = { slug: body.api_slug, singular: body.singular_noun, plural: body.plural_noun };
  return data(wireObject(call.store.state, call.store.createObject(input)));
}

function updateObject(call: Call): Reply {
  const object = objectOf(call);
  const body = readData(call, objectBody.partial());
  if (Object.keys(body).length === 0) throw invalidPayload(["data"], "At least one property is required");
  const patch = {
    ...(body.api_slug !== undefined && { slug: body.api_slug }),
    ...(body.singular_noun !== undefined && { singular: body.singular_noun }),
    ...(body.plural_noun !== undefined && { plural: body.plural_noun }),
  };
  return data(wireObject(call.store.state, call.store.updateObject(object.id, patch)));
}

function deleteObject(call: Call): Reply {
  call.store.deleteObject(objectOf(call).id, { by: actorOf(call) });
  return { body: {} };
}

function createList(call: Call): Reply {
  const body = readData(call, listBody);
  assertReachable(call, body.workspace_access, body.workspace_member_access);
  const list = call.store.createList(
    {
      slug: body.api_slug,
      name: body.name,
      parentObject: body.parent_object,
      workspaceAccess: body.workspace_access,
      memberAccess: memberAccess(body.workspace_member_access),
    },
    { by: actorOf(call) },
  );
  return data(wireList(call.store.state, list));
}

function updateList(call: Call): Reply {
  const list = listOf(call);
  const body = readData(call, listPatch);
  const { workspace_access: workspaceAccess, workspace_member_access: members } = body;
  const patch = {
    ...(body.api_slug !== undefined && { slug: body.api_slug }),
    ...(body.name !== undefined && { name: body.name }),
    ...(workspaceAccess !== undefined && { workspaceAccess }),
    ...(members !== undefined && { memberAccess: memberAccess(members) }),
  };
  const next = { ...list, ...patch };
  assertReachable(call, next.workspaceAccess, members ?? []);
  return data(wireList(call.store.state, call.store.updateList(list.id, patch, { by: actorOf(call) })));
}

type MemberAccess = z.infer<typeof listBody>["workspace_member_access"];

function memberAccess(members: MemberAccess) {
  return members.map(({ workspace_member_id: memberId, level }) => ({ memberId, level }));
}

/** Everyone, or someone, must have full access; members must exist. */
function assertReachable(call: Call, workspace: string | null, members: MemberAccess): void {
  for (const { workspace_member_id: id } of members) {
    if (!call.store.members().some((member) => member.id === id)) {
      throw badRequest("value_not_found", `Workspace member with ID "${id}" not found.`);
    }
  }
  if (workspace === "full-access" || members.some(({ level }) => level === "full-access")) return;
  throw badRequest("validation_type", "A list must have full access for the workspace or for a member.");
}
