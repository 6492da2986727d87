import type { JsonObject, JsonValue } from "../../lib/json.ts";
import { dataBody, pageBody, type Page } from "../body.ts";
import { collect, walkOffsets } from "../pagination.ts";
import { create, get, patch, remove, type Api, type RequestOptions } from "../requests.ts";
import { taskSchema, type Task } from "../schemas/task.ts";
import type { OffsetWindow } from "../window.ts";

/** Which tasks, in which order (docs: "List tasks"). */
export interface TaskFilter {
  /** Default `created_at:asc`; ascending `completed_at` puts incomplete ones first. */
  readonly sort?: "created_at:asc" | "created_at:desc" | "completed_at:asc" | "completed_at:desc" | undefined;
  /** Slug or id; goes with `linkedRecordId`. */
  readonly linkedObject?: string | undefined;
  readonly linkedRecordId?: string | undefined;
  /** A member's email address or id; `"null"` for tasks without one. */
  readonly assignee?: string | undefined;
  readonly isCompleted?: boolean | undefined;
}

/** What can be changed of a task (docs: "Update a task"). */
export type TaskFields = {
  /** ISO 8601 in UTC. */
  readonly deadline_at?: string | null;
  readonly is_completed?: boolean;
  /** Records by id (`target_object`, `target_record_id`), or by a unique attribute's value. */
  readonly linked_records?: readonly JsonValue[];
  /** Members by id (`referenced_actor_type`, `referenced_actor_id`) or by `workspace_member_email_address`. */
  readonly assignees?: readonly JsonObject[];
};

/** A task to make; Attio demands every field, null and empty ones too (docs: "Create a task"). */
export type NewTask = Required<TaskFields> & {
  /** At most 2000 characters. */
  readonly content: string;
};

const TASKS = "/v2/tasks";
const TASK = `${TASKS}/{task_id}`;
/** Attio's default; a maximum is not documented. */
const PAGE_SIZE = 500;

export type TasksResource = ReturnType<typeof createTasks>;

/** Tasks. */
export function createTasks(api: Api) {
  /** One page. */
  function page(
    { limit, offset, ...filter }: TaskFilter & OffsetWindow = {},
    options?: RequestOptions,
  ): Promise<Page<Task>> {
    const query = {
      limit,
      offset,
      sort: filter.sort,
      linked_object: filter.linkedObject,
      linked_record_id: filter.linkedRecordId,
      assignee: filter.assignee,
      is_completed: filter.isCompleted,
    };
    return api.send(get(TASKS, { query, read: pageBody(taskSchema) }), options);
  }

  /** One task. Throws AttioNotFoundError. */
  function getTask(taskId: string, options?: RequestOptions): Promise<Task> {
    const params = { task_id: taskId };
    return api.send(get(TASK, { params, read: dataBody(taskSchema) }), options);
  }

  /** All tasks, fetched as they are consumed. */
  function stream(filter: TaskFilter = {}, options?: RequestOptions): AsyncGenerator<Task, void, undefined> {
    return walkOffsets(async (window) => (await page({ ...filter, ...window }, options)).items, {
      pageSize: PAGE_SIZE,
      key: (task) => task.id.task_id,
    });
  }

  /** All tasks at once. */
  function list(filter: TaskFilter = {}, options?: RequestOptions): Promise<Task[]> {
    return collect(stream(filter, options));
  }

  /** Makes a task. Repeated only if it was surely not done. */
  function createTask(task: NewTask, options?: RequestOptions): Promise<Task> {
    const data = { ...task, format: "plaintext" };
    return api.send(create(TASKS, { data, read: dataBody(taskSchema) }), options);
  }

  /** Changes what is named; a task's text can't be changed. Lists replace what is there. */
  function update(taskId: string, fields: TaskFields, options?: RequestOptions): Promise<Task> {
    const params = { task_id: taskId };
    return api.send(patch(TASK, { params, data: fields, read: dataBody(taskSchema) }), options);
  }

  /** Throws AttioNotFoundError if it is not there. */
  function deleteTask(taskId: string, options?: RequestOptions): Promise<void> {
    return remove(api, { route: TASK, params: { task_id: taskId } }, options);
  }

  return { page, get: getTask, stream, list, create: createTask, update, delete: deleteTask };
}
