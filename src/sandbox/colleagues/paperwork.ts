import { SENTENCES } from "../seed/words.ts";
import type { Actor } from "../store/model.ts";
import { pick, subjects, type Action, type Scene } from "./actions.ts";

/** Notes, tasks and comments, with their weights. */
export const PAPERWORK_ACTIONS: readonly (readonly [weight: number, action: Action])[] = [
  [5, writeNote],
  [4, editNote],
  [1, deleteNote],
  [4, addTask],
  [3, completeTask],
  [1, deleteTask],
  [3, writeComment],
  [2, resolveComment],
  [1, deleteComment],
];

function writeNote(scene: Scene, by: Actor): boolean {
  const record = pick(scene.random, subjects(scene));
  if (record === undefined) return false;
  const content = scene.random.pick(SENTENCES);
  scene.store.createNote({ record, title: `Note ${scene.nextNumber()}`, content }, { by });
  return true;
}

function editNote({ store, random, nextNumber }: Scene, by: Actor): boolean {
  const note = pick(random, store.notes());
  if (note === undefined) return false;
  const number = nextNumber();
  const patch = random.chance(0.5)
    ? { title: `Edited ${number}` }
    : { content: `${random.pick(SENTENCES)} (${number})` };
  store.updateNote(note.id, patch, { by });
  return true;
}

function deleteNote({ store, random }: Scene, by: Actor): boolean {
  const note = pick(random, store.notes());
  if (note === undefined) return false;
  store.deleteNote(note.id, { by });
  return true;
}

function addTask(scene: Scene, by: Actor): boolean {
  const { store, random, nextNumber } = scene;
  const record = pick(random, subjects(scene));
  const linkedRecords = record === undefined ? [] : [record];
  const assignees = [random.pick(store.members()).id];
  store.createTask({ content: `Task ${nextNumber()}`, linkedRecords, assignees }, { by });
  return true;
}

function completeTask({ store, random }: Scene, by: Actor): boolean {
  const task = pick(random, store.tasks());
  if (task === undefined) return false;
  store.updateTask(task.id, { isCompleted: task.completedAt === null }, { by });
  return true;
}

function deleteTask({ store, random }: Scene, by: Actor): boolean {
  const task = pick(random, store.tasks());
  if (task === undefined) return false;
  store.deleteTask(task.id, { by });
  return true;
}

function writeComment(scene: Scene, by: Actor): boolean {
  const { store, random } = scene;
  const thread = random.chance(0.4) ? pick(random, store.threads()) : undefined;
  const on = thread ?? pick(random, subjects(scene));
  if (on === undefined) return false;
  store.createComment({ content: random.pick(SENTENCES), on }, { by });
  return true;
}

function resolveComment({ store, random }: Scene, by: Actor): boolean {
  const head = pick(random, store.threads())?.comments[0];
  if (head === undefined) return false;
  store.resolveComment(head.id, head.resolvedAt === null, { by });
  return true;
}

function deleteComment({ store, random }: Scene, by: Actor): boolean {
  const comment = pick(random, store.comments());
  if (comment === undefined) return false;
  store.deleteComment(comment.id, { by });
  return true;
}
