import { z } from "zod";
import { badRequest } from "../support/errors.ts";
import { anyJson, isoTime, readData, uuidText } from "../http/body.ts";
import { actorOf, data, type Call, type Reply, type Route } from "../http/route.ts";
import { isObject, type Json } from "../support/json.ts";
import type { Attribute, Item } from "../store/model.ts";
import { parseReference, sameAddress } from "../values/references.ts";
import { wireTask } from "../wire/resources.ts";
import { TASK_READS, taskOf } from "./tasks.ts";

const MAX_CONTENT = 2000;
const scopes = ["task:read-write", ...TASK_READS];
const assignee = z.union([
  z.object({ referenced_actor_type: z.literal("workspace-member"), referenced_actor_id: uuidText }),
  z.strictObject({ workspace_member_email_address: z.string() }),
]);
const shared = {
  deadline_at: isoTime.nullable(),
  is_completed: z.boolean(),
  linked_records: z.array(anyJson),
  assignees: z.array(assignee),
};
const createBody = z.object({
  content: z.string().max(MAX_CONTENT),
  format: z.literal("plaintext"),
  ...shared,
});
/** The text can't be changed, so naming it is an error rather than a silent loss. */
const updateBody = z.strictObject(shared).partial();

/** Creating, changing and deleting tasks (docs page "Tasks"). */
export function taskWriteRoutes(): Route[] {
  return [
    { method: "POST", url: "/v2/tasks", scopes, kind: "write", handle: create },
    { method: "PATCH", url: "/v2/tasks/:task", scopes, kind: "write", handle: update },
    { method: "DELETE", url: "/v2/tasks/:task", scopes: ["task:read-write"], kind: "write", handle: remove },
  ];
}

function create(call: Call): Reply {
  const body = readData(call, createBody);
  const input = { content: body.content, ...patchOf(call, body) };
  return data(wireTask(call.store.state, call.store.createTask(input, { by: actorOf(call) })));
}

function update(call: Call): Reply {
  const task = taskOf(call);
  const patch = patchOf(call, readData(call, updateBody));
  return data(wireTask(call.store.state, call.store.updateTask(task.id, patch, { by: actorOf(call) })));
}

function remove(call: Call): Reply {
  call.store.deleteTask(taskOf(call).id, { by: actorOf(call) });
  return { body: {} };
}

function patchOf(call: Call, body: z.infer<typeof updateBody>) {
  const { deadline_at, is_completed, linked_records, assignees } = body;
  return {
    ...(deadline_at !== undefined && { deadlineAt: deadline_at }),
    ...(is_completed !== undefined && { isCompleted: is_completed }),
    ...(linked_records !== undefined && {
      linkedRecords: linked_records.map((raw) => linkedRecord(call, raw)),
    }),
    ...(assignees !== undefined && { assignees: assignees.map((one) => assigneeId(call, one)) }),
  };
}

/** The same forms as in a record reference; a bare string is a person's address or a company's domain. */
function linkedRecord(call: Call, raw: Json): Item {
  const { state } = call.store;
  // An unknown object is 404 here, unlike in a value.
  if (isObject(raw) && typeof raw["target_object"] === "string") call.store.object(raw["target_object"]);
  const slug = typeof raw === "string" ? (raw.includes("@") ? "people" : "companies") : undefined;
  const allowedObjects = slug === undefined ? [] : [call.store.object(slug)];
  const like: Pick<Attribute, "slug" | "allowedObjects"> = { slug: "linked_records", allowedObjects };
  const id = parseReference(state, like, raw)["target_record_id"];
  const item = typeof id === "string" ? state.items.get(id) : undefined;
  if (item === undefined) throw badRequest("value_not_found", "The linked record was not found.");
  return item;
}

function assigneeId(call: Call, given: z.infer<typeof assignee>): string {
  const members = call.store.members();
  if ("referenced_actor_id" in given) {
    const id = given.referenced_actor_id;
    if (members.some((one) => one.id === id)) return id;
    throw badRequest("value_not_found", `Workspace member with ID "${id}" not found.`);
  }
  const email = given.workspace_member_email_address;
  const isMeant = sameAddress(email);
  const member = members.find((one) => isMeant(one.emailAddress));
  if (member !== undefined) return member.id;
  throw badRequest("value_not_found", `Workspace member with email address "${email}" not found.`);
}
