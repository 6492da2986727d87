import { notFound } from "../support/errors.ts";
import { toTime, type TimeInput } from "../support/time.ts";
import { emitTask } from "./events.ts";
import { resolveRecord } from "./records.ts";
import type { RecordRef, Task } from "./resources.ts";
import { stamp, type State, type WriteOptions } from "./state.ts";

/** What can be changed on a task; its text can't. */
export interface TaskPatch {
  deadlineAt?: TimeInput | null;
  isCompleted?: boolean;
  linkedRecords?: readonly RecordRef[];
  /** Workspace member ids. */
  assignees?: readonly string[];
}

/** A new task. */
export interface TaskInput extends TaskPatch {
  content: string;
  createdAt?: TimeInput;
}

/** Sets a task. Throws 404 `not_found` for a linked record. */
export function createTask(state: State, input: TaskInput, options: WriteOptions = {}): Task {
  const { at, by } = stamp(state, options);
  const task: Task = {
    id: state.random.uuid(),
    createdAt: input.createdAt === undefined ? at : toTime(input.createdAt),
    createdBy: by,
    content: input.content,
    deadlineAt: null,
    completedAt: null,
    linkedRecords: [],
    assignees: [],
  };
  patchTask(state, task, input, at);
  state.tasks.set(task.id, task);
  emitTask(state, "created", task.id, by);
  return task;
}

/** Changes a task. Throws 404 `not_found`. */
export function updateTask(state: State, taskId: string, patch: TaskPatch, options: WriteOptions = {}): Task {
  const task = findTask(state, taskId);
  const { at, by } = stamp(state, options);
  patchTask(state, task, patch, at);
  emitTask(state, "updated", task.id, by);
  return task;
}

/** Deletes a task. Throws 404 `not_found`. */
export function deleteTask(state: State, taskId: string, options: WriteOptions = {}): void {
  findTask(state, taskId);
  state.tasks.delete(taskId);
  emitTask(state, "deleted", taskId, stamp(state, options).by);
}

/** The task. Throws 404 `not_found`. */
export function findTask(state: State, taskId: string): Task {
  const task = state.tasks.get(taskId);
  if (task === undefined) throw notFound(`Could not find Task with ID "${taskId}".`);
  return task;
}

function patchTask(state: State, task: Task, patch: TaskPatch, at: string): void {
  const { deadlineAt, isCompleted, linkedRecords, assignees } = patch;
  const records = linkedRecords?.map((ref) => resolveRecord(state, ref));
  if (deadlineAt !== undefined) task.deadlineAt = deadlineAt === null ? null : toTime(deadlineAt);
  if (isCompleted !== undefined) task.completedAt = isCompleted ? (task.completedAt ?? at) : null;
  if (records !== undefined) task.linkedRecords = records;
  if (assignees !== undefined) task.assignees = assignees;
}
