import { notFound } from "../support/errors.ts";
import { toTime, type TimeInput } from "../support/time.ts";
import { emitNote } from "./events.ts";
import { resolveRecord } from "./records.ts";
import type { Note, NoteTag, RecordRef } from "./resources.ts";
import { stamp, type State, type WriteOptions } from "./state.ts";

/** A new note. */
export interface NoteInput {
  record: RecordRef;
  title: string;
  content: string;
  /** How `content` is meant; plaintext if left out. */
  format?: "plaintext" | "markdown";
  meetingId?: string | null;
  tags?: readonly NoteTag[];
  createdAt?: TimeInput;
}

/** What can be changed on a note; content replaces the whole body. */
export interface NotePatch {
  title?: string;
  content?: string;
  format?: "plaintext" | "markdown";
}

/** Writes a note on a record. Throws 404 `not_found`. */
export function createNote(state: State, input: NoteInput, options: WriteOptions = {}): Note {
  const { at, by } = stamp(state, options);
  const note: Note = {
    id: state.random.uuid(),
    createdAt: input.createdAt === undefined ? at : toTime(input.createdAt),
    createdBy: by,
    meetingId: input.meetingId ?? null,
    record: resolveRecord(state, input.record),
    title: input.title,
    ...bodies(input.content, input.format ?? "plaintext"),
    tags: input.tags ?? [],
  };
  state.notes.set(note.id, note);
  emitNote(state, "note.created", note, by);
  return note;
}

/** Changes a note: one event for the title, another for the body. Throws 404 `not_found`. */
export function updateNote(state: State, noteId: string, patch: NotePatch, options: WriteOptions = {}): Note {
  const note = findNote(state, noteId);
  const { by } = stamp(state, options);
  if (patch.title !== undefined && patch.title !== note.title) {
    note.title = patch.title;
    emitNote(state, "note.updated", note, by);
  }
  if (patch.content !== undefined) {
    const next = bodies(patch.content, patch.format ?? "plaintext");
    const isChanged = next.plaintext !== note.plaintext || next.markdown !== note.markdown;
    Object.assign(note, next);
    if (isChanged) emitNote(state, "note-content.updated", note, by);
  }
  return note;
}

/** Deletes a note. Throws 404 `not_found`. */
export function deleteNote(state: State, noteId: string, options: WriteOptions = {}): void {
  const note = findNote(state, noteId);
  state.notes.delete(note.id);
  emitNote(state, "note.deleted", note, stamp(state, options).by);
}

/** The note. Throws 404 `not_found`. */
export function findNote(state: State, noteId: string): Note {
  const note = state.notes.get(noteId);
  if (note === undefined) throw notFound(`Note with ID "${noteId}" was not found.`);
  return note;
}

/** Attio keeps a rich document and writes it out in both forms; here the marks are simply taken off. */
function bodies(content: string, format: "plaintext" | "markdown"): { plaintext: string; markdown: string } {
  if (format === "plaintext") return { plaintext: content, markdown: content };
  const plaintext = content
    .replaceAll(/!\[[^\]]*\]\([^)]*\)/g, "")
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/^#{1,3} /gm, "")
    .replaceAll(/\*\*|~~|==/g, "");
  return { plaintext, markdown: content.replaceAll(/!\[[^\]]*\]\([^)]*\)/g, "") };
}
