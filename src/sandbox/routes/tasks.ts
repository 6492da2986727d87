import { invalidPayload } from "../support/errors.ts";
import { data, param, type Call, type Reply, type Route } from "../http/route.ts";
import { flag, uuid, windowOf } from "../http/params.ts";
import type { Task } from "../store/resources.ts";
import { wireTask } from "../wire/resources.ts";
import { RECORD_READ } from "./items.ts";
import { namedRecord } from "./linked.ts";

/** Scopes for reading besides `task:…`. */
export const TASK_READS = [...RECORD_READ, "user_management:read"] as const;
const scopes = ["task:read", ...TASK_READS];

/** Reading tasks. */
export function taskRoutes(): Route[] {
  return [
    { method: "GET", url: "/v2/tasks", scopes, kind: "read", handle: list },
    {
      method: "GET",
      url: "/v2/tasks/:task",
      scopes,
      kind: "read",
      handle: (call) => data(wireTask(call.store.state, taskOf(call))),
    },
  ];
}

/** The task named in the path. Throws 404. */
export function taskOf(call: Call): Task {
  return call.store.findTask(uuid(param(call, "task"), "task_id"));
}

function list(call: Call): Reply {
  const { limit, offset } = windowOf(call, "tasks", 500, 500);
  const linked = namedRecord(call, "linked_object", "linked_record_id");
  const isCompleted = flag(call, "is_completed");
  const assignee = call.query["assignee"];
  const memberId = assignee === undefined ? undefined : assigneeId(call, assignee);
  const tasks = call.store.tasks().filter((task) => {
    if (linked !== undefined && !task.linkedRecords.some((one) => one.id === linked.recordId)) return false;
    if (isCompleted !== undefined && (task.completedAt !== null) !== isCompleted) return false;
    if (memberId === undefined) return true;
    return memberId === null ? task.assignees.length === 0 : task.assignees.includes(memberId);
  });
  const page = tasks.sort(sortOf(call)).slice(offset, offset + limit);
  return data(page.map((task) => wireTask(call.store.state, task)));
}

/** Empty or `null` means unassigned; else a member's id or email address. */
function assigneeId(call: Call, assignee: string): string | null {
  if (assignee === "" || assignee === "null") return null;
  return call.store.members().find((one) => one.emailAddress === assignee)?.id ?? assignee;
}

function sortOf(call: Call): (a: Task, b: Task) => number {
  switch (call.query["sort"] ?? "created_at:asc") {
    case "created_at:asc":
      return (a, b) => compare(a.createdAt, b.createdAt);
    case "created_at:desc":
      return (a, b) => compare(b.createdAt, a.createdAt);
    case "completed_at:asc":
      return (a, b) => compare(a.completedAt ?? "", b.completedAt ?? "");
    case "completed_at:desc":
      return (a, b) => compare(b.completedAt ?? "", a.completedAt ?? "");
    default:
      throw invalidPayload(["sort"], "Invalid enum value", "Query");
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
