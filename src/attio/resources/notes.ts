import { dataBody, pageBody, type Page } from "../body.ts";
import { collect, walkOffsets } from "../pagination.ts";
import { get, type Api } from "../requests.ts";
import { noteSchema, type Note } from "../schemas/note.ts";
import type { RequestOptions } from "../transport.ts";
import type { OffsetWindow } from "../window.ts";

/** Which notes. */
export interface NoteFilter {
  readonly parentObject?: string | undefined;
  readonly parentRecordId?: string | undefined;
}

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
    return api.send(get("/v2/notes", { query, read: pageBody(noteSchema) }), options);
  }

  /** One note. Throws AttioNotFoundError. */
  function getNote(noteId: string, options?: RequestOptions): Promise<Note> {
    const params = { note_id: noteId };
    return api.send(get("/v2/notes/{note_id}", { params, read: dataBody(noteSchema) }), options);
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

  return { page, get: getNote, stream, list };
}
