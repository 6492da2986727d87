import { dataBody, pageBody, type Page } from "../body.ts";
import { collect, walkOffsets } from "../pagination.ts";
import { get, type Api } from "../requests.ts";
import { taskSchema, type Task } from "../schemas/task.ts";
import type { RequestOptions } from "../transport.ts";
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
    return api.send(get("/v2/tasks", { query, read: pageBody(taskSchema) }), options);
  }

  /** One task. Throws AttioNotFoundError. */
  function getTask(taskId: string, options?: RequestOptions): Promise<Task> {
    const params = { task_id: taskId };
    return api.send(get("/v2/tasks/{task_id}", { params, read: dataBody(taskSchema) }), options);
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

  return { page, get: getTask, stream, list };
}
