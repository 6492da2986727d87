import { dataBody, pageBody, type Page } from "../body.ts";
import { collect, walkCursors } from "../pagination.ts";
import { get, type Api } from "../requests.ts";
import { fileSchema, type AttioFile } from "../schemas/file.ts";
import type { RequestOptions } from "../transport.ts";
import type { CursorWindow } from "../window.ts";

/** Whose files; Attio lists them only for one record (docs: "List files"). */
export interface FileFilter {
  readonly object: string;
  readonly recordId: string;
  readonly storageProvider?: string | undefined;
  /** Default: all levels. */
  readonly parentFolderId?: string | undefined;
}

/** Attio's maximum. */
const PAGE_SIZE = 200;
const FILES = "/v2/files";

export type FilesResource = ReturnType<typeof createFiles>;

/** Files and folders at records. */
export function createFiles(api: Api) {
  /** One page of a record's files, at most 200; Attio's default is 50. */
  function page(
    { object, recordId, storageProvider, parentFolderId, limit, cursor }: FileFilter & CursorWindow,
    options?: RequestOptions,
  ): Promise<Page<AttioFile>> {
    const query = {
      object,
      record_id: recordId,
      storage_provider: storageProvider,
      parent_folder_id: parentFolderId,
      limit,
      cursor,
    };
    return api.send(get(FILES, { query, read: pageBody(fileSchema) }), options);
  }

  /** One file's or folder's description. Throws AttioNotFoundError. */
  function getFile(fileId: string, options?: RequestOptions): Promise<AttioFile> {
    const params = { file_id: fileId };
    return api.send(get("/v2/files/{file_id}", { params, read: dataBody(fileSchema) }), options);
  }

  /** All files of a record, fetched as they are consumed. */
  function stream(filter: FileFilter, options?: RequestOptions): AsyncGenerator<AttioFile, void, undefined> {
    return walkCursors(FILES, (cursor) => page({ ...filter, limit: PAGE_SIZE, cursor }, options));
  }

  /** All files of a record at once. */
  function list(filter: FileFilter, options?: RequestOptions): Promise<AttioFile[]> {
    return collect(stream(filter, options));
  }

  return { page, get: getFile, stream, list };
}
