import { emitComment, emitNote } from "./events.ts";
import type { Actor, Item } from "./model.ts";
import type { State } from "./state.ts";

/** Removes notes, threads and files of a record or entry that goes, and its links from tasks and meetings. */
export function removeBelongings(state: State, subject: Item, by: Actor): void {
  const loud = state.quirks.cascadeEvents;
  for (const note of state.notes.values()) {
    if (note.record !== subject) continue;
    state.notes.delete(note.id);
    if (loud) emitNote(state, "note.deleted", note, by);
  }
  for (const thread of state.threads.values()) {
    if (thread.subject !== subject) continue;
    state.threads.delete(thread.id);
    if (loud) for (const comment of thread.comments) emitComment(state, "deleted", comment, thread, by);
  }
  for (const file of state.files.values()) if (file.record === subject) state.files.delete(file.id);
  relink(state, subject, []);
}

/** Moves everything that belongs to a record to the one that a merge made of it. */
export function moveBelongings(state: State, from: Item, to: Item): void {
  for (const note of state.notes.values()) if (note.record === from) note.record = to;
  for (const thread of state.threads.values()) if (thread.subject === from) thread.subject = to;
  for (const file of state.files.values()) if (file.record === from) file.record = to;
  relink(state, from, [to]);
}

function relink(state: State, from: Item, to: readonly Item[]): void {
  for (const linked of [...state.tasks.values(), ...state.meetings.values()]) {
    if (!linked.linkedRecords.includes(from)) continue;
    const records = linked.linkedRecords.flatMap((record) => (record === from ? to : [record]));
    linked.linkedRecords = [...new Set(records)];
  }
}
