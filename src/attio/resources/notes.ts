import { dataBody, pageBody, type Page } from "../body.ts";
import { collect, walkOffsets } from "../pagination.ts";
import { create, get, patch, remove, type Api, type RequestOptions } from "../requests.ts";
import { noteSchema, type Note } from "../schemas/note.ts";
import type { OffsetWindow } from "../window.ts";

/** Which notes. */
export interface NoteFilter {
  readonly parentObject?: string | undefined;
  readonly parentRecordId?: string | undefined;
}

/** A note to write (docs: "Create a note"). */
export type NewNote = {
  /** Slug or id. */
  readonly parent_object: string;
  readonly parent_record_id: string;
  readonly title: string;
  readonly format: "plaintext" | "markdown";
  readonly content: string;
  /** Not in the future. */
  readonly created_at?: string;
  readonly meeting_id?: string | null;
};

/** What can be changed of a note (docs: "Update a note"). */
export type NoteFields = {
  readonly title?: string;
  readonly content?: string;
  readonly format?: "plaintext" | "markdown";
};

const NOTES = "/v2/notes";
const NOTE = `${NOTES}/{note_id}`;
/** "Temporarily", by Attio's changelog. */
const LISTINGS_PER_SECOND = 10;
/** Attio's maximum (docs: "List notes"). */
const PAGE_SIZE = 50;

export type NotesResource = ReturnType<typeof createNotes>;

/** Notes at records. */
export function createNotes(api: Api) {
  /** One page, at most 50; Attio's default is 10, its order is not documented. */
  function page(
    { limit, offset, parentObject, parentRecordId }: NoteFilter & OffsetWindow = {},
    options?: RequestOptions,
  ): Promise<Page<Note>> {
    const query = { limit, offset, parent_object: parentObject, parent_record_id: parentRecordId };
    return api.send(
      get(NOTES, { query, limitPerSecond: LISTINGS_PER_SECOND, read: pageBody(noteSchema) }),
      options,
    );
  }

  /** One note. Throws AttioNotFoundError. */
  function getNote(noteId: string, options?: RequestOptions): Promise<Note> {
    const params = { note_id: noteId };
    return api.send(get(NOTE, { params, read: dataBody(noteSchema) }), options);
  }

  /** All notes, fetched as they are consumed. */
  function stream(filter: NoteFilter = {}, options?: RequestOptions): AsyncGenerator<Note, void, undefined> {
    return walkOffsets(async (window) => (await page({ ...filter, ...window }, options)).items, {
      pageSize: PAGE_SIZE,
      key: (note) => note.id.note_id,
    });
  }

  /** All notes at once. */
  function list(filter: NoteFilter = {}, options?: RequestOptions): Promise<Note[]> {
    return collect(stream(filter, options));
  }

  /** Writes a note. Repeated only if it was surely not done. */
  function createNote(note: NewNote, options?: RequestOptions): Promise<Note> {
    return api.send(create(NOTES, { data: note, read: dataBody(noteSchema) }), options);
  }

  /** Changes title, content or both; new content replaces the whole old one. */
  function update(noteId: string, fields: NoteFields, options?: RequestOptions): Promise<Note> {
    const params = { note_id: noteId };
    return api.send(patch(NOTE, { params, data: fields, read: dataBody(noteSchema) }), options);
  }

  /** Throws AttioNotFoundError if it is not there. */
  function deleteNote(noteId: string, options?: RequestOptions): Promise<void> {
    return remove(api, { route: NOTE, params: { note_id: noteId } }, options);
  }

  return { page, get: getNote, stream, list, create: createNote, update, delete: deleteNote };
}
