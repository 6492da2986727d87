import {
  createAttribute,
  createChoice,
  findChoice,
  updateAttribute,
  updateChoice,
  type ChoicePatch,
} from "./attributes.ts";
import { bindAll } from "./bind.ts";
import { createComment, deleteComment, findComment, findThread, resolveComment } from "./comments.ts";
import { createFile, deleteFile, findFile } from "./files.ts";
import {
  findAttribute,
  findContainer,
  findEntry,
  findList,
  findObject,
  findRecord,
  type Target,
} from "./find.ts";
import { entriesOf } from "./items.ts";
import {
  createMeeting,
  createRecording,
  deleteMeeting,
  deleteRecording,
  findMeeting,
  finishRecording,
  findRecording,
  updateMeeting,
} from "./meetings.ts";
import { createMember, findMember, updateMember } from "./members.ts";
import { finishMerge, mergeRecords } from "./merge.ts";
import type { Attribute, Choice, Item, ListDef, ObjectDef, Slot } from "./model.ts";
import { createNote, deleteNote, findNote, updateNote } from "./notes.ts";
import {
  createEntry,
  createRecord,
  deleteEntry,
  deleteRecord,
  updateEntry,
  updateRecord,
  updateItem,
} from "./records.ts";
import type {
  Comment,
  Meeting,
  Member,
  Note,
  Recording,
  SandboxEvent,
  StoredFile,
  Task,
  Thread,
} from "./resources.ts";
import {
  createList,
  createObject,
  deleteList,
  deleteObject,
  setListHidden,
  setObjectEnabled,
  updateList,
  updateObject,
} from "./schema.ts";
import { slotOf } from "./slots.ts";
import { createState, type State, type StoreOptions, type WriteOptions } from "./state.ts";
import { createTask, deleteTask, findTask, updateTask } from "./tasks.ts";

const OPERATIONS = {
  createObject,
  updateObject,
  deleteObject,
  setObjectEnabled,
  createList,
  updateList,
  deleteList,
  setListHidden,
  createAttribute,
  updateAttribute,
  createRecord,
  updateRecord,
  updateItem,
  deleteRecord,
  mergeRecords,
  finishMerge,
  createEntry,
  updateEntry,
  deleteEntry,
  createMember,
  updateMember,
  findMember,
  createNote,
  updateNote,
  deleteNote,
  findNote,
  createTask,
  updateTask,
  deleteTask,
  findTask,
  createComment,
  resolveComment,
  deleteComment,
  findComment,
  findThread,
  createMeeting,
  updateMeeting,
  deleteMeeting,
  findMeeting,
  createRecording,
  finishRecording,
  deleteRecording,
  findRecording,
  createFile,
  deleteFile,
  findFile,
  entriesOf,
};

/** The simulated workspace: what it holds, and every change that can be made to it without HTTP. */
export type SandboxStore = ReturnType<typeof createStore>;

/** Creates a workspace that holds nothing, not even people and companies. */
export function createStore(options: StoreOptions = {}) {
  const state = createState(options);
  return { ...bindAll(state, OPERATIONS), ...readers(state), ...choices(state) };
}

function readers(state: State) {
  return {
    /** The whole state, for what the store's functions don't offer. */
    state,
    quirks: state.quirks,
    workspaceId: state.workspace.id,
    object: (slugOrId: string): ObjectDef => findObject(state, slugOrId),
    list: (slugOrId: string): ListDef => findList(state, slugOrId),
    objects: (): ObjectDef[] => [...state.objects.values()],
    lists: (): ListDef[] => [...state.lists.values()],
    attribute: (target: Target, slugOrId: string): Attribute =>
      findAttribute(findContainer(state, target), slugOrId),
    /** In creation order. */
    records: (object: string): readonly Item[] => findObject(state, object).byTime.items,
    record: (object: string, id: string): Item => findRecord(findObject(state, object), id),
    /** In creation order. */
    entries: (list: string): readonly Item[] => findList(state, list).byTime.items,
    entry: (list: string, id: string): Item => findEntry(findList(state, list), id),
    /** The values of an attribute, those that are true now and those before. */
    values: (item: Item, slugOrId: string): Slot => slotOf(item, findAttribute(item.container, slugOrId)),
    members: (): Member[] => [...state.members.values()],
    notes: (): Note[] => [...state.notes.values()],
    tasks: (): Task[] => [...state.tasks.values()],
    threads: (): Thread[] => [...state.threads.values()],
    comments: (): Comment[] => [...state.threads.values()].flatMap((thread) => thread.comments),
    meetings: (): Meeting[] => [...state.meetings.values()],
    recordings: (): Recording[] => [...state.recordings.values()],
    files: (): StoredFile[] => [...state.files.values()],
    /** Calls the listener for every event, as Attio would send it; returns the undo. */
    onEvent: (listener: (event: SandboxEvent) => void): (() => void) => {
      state.listeners.add(listener);
      return () => void state.listeners.delete(listener);
    },
  };
}

/** Options and statuses, by the attribute's place instead of the attribute. */
function choices(state: State) {
  const at = (target: Target, slugOrId: string) => findAttribute(findContainer(state, target), slugOrId);
  const create = (
    target: Target,
    attribute: string,
    title: string,
    patch?: ChoicePatch,
    options?: WriteOptions,
  ): Choice => createChoice(state, at(target, attribute), title, patch, options);
  const update = (
    target: Target,
    attribute: string,
    titleOrId: string,
    patch: ChoicePatch,
    options?: WriteOptions,
  ): Choice => updateChoice(state, at(target, attribute), titleOrId, patch, options);
  return {
    createOption: create,
    updateOption: update,
    createStatus: create,
    updateStatus: update,
    choice: (target: Target, attribute: string, titleOrId: string): Choice =>
      findChoice(at(target, attribute), titleOrId),
  };
}
