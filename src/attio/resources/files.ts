import { z } from "zod";
import { BodyError } from "../body-error.ts";
import { dataBody, jsonBody, pageBody, type BodySink, type Page } from "../body.ts";
import type { Downloader, FileDownload } from "../download.ts";
import type { AnswerHeaders } from "../exchange.ts";
import { multipartPayload, type UploadFile } from "../multipart.ts";
import { collect, walkCursors } from "../pagination.ts";
import { get, remove, type Api, type RequestOptions } from "../requests.ts";
import { fillRoute } from "../route.ts";
import { fileSchema, type AttioFile } from "../schemas/file.ts";
import type { CursorWindow } from "../window.ts";

/** Whose files; Attio lists them only for one record (docs: "List files"). */
export interface FileFilter {
  readonly object: string;
  readonly recordId: string;
  readonly storageProvider?: string | undefined;
  /** Default: all levels. */
  readonly parentFolderId?: string | undefined;
}

/** A folder or a connection to make (docs: "Create a file"). */
export type NewFile = { readonly object: string; readonly record_id: string } & (
  | { readonly file_type: "folder"; readonly name: string; readonly parent_folder_id?: string }
  | {
      readonly file_type: "connected-file" | "connected-folder";
      readonly storage_provider: string;
      readonly external_provider_file_id: string;
      readonly microsoft_drive_id?: string;
    }
);

/** A file to upload. */
export interface FileUpload extends UploadFile {
  /** Slug or id. */
  readonly object: string;
  readonly recordId: string;
  readonly parentFolderId?: string | undefined;
}

/** 50 MB take a while. */
const UPLOAD_TIMEOUT_MS = 10 * 60_000;
/** Attio's maximum. */
const PAGE_SIZE = 200;
const FILES = "/v2/files";
const FILE = `${FILES}/{file_id}`;

export type FilesResource = ReturnType<typeof createFiles>;

/** Files and folders at records. */
export function createFiles(api: Api, { fetchFile, baseUrl }: { fetchFile: Downloader; baseUrl: URL }) {
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
    return api.send(get(FILE, { params, read: dataBody(fileSchema) }), options);
  }

  /** All files of a record, fetched as they are consumed. */
  function stream(filter: FileFilter, options?: RequestOptions): AsyncGenerator<AttioFile, void, undefined> {
    return walkCursors(FILES, (cursor) => page({ ...filter, limit: PAGE_SIZE, cursor }, options));
  }

  /** All files of a record at once. */
  function list(filter: FileFilter, options?: RequestOptions): Promise<AttioFile[]> {
    return collect(stream(filter, options));
  }

  /** Makes a folder, or connects a file or folder of another storage. */
  function createFile(file: NewFile, options?: RequestOptions): Promise<AttioFile> {
    const read = anyEnvelope(fileSchema);
    const body = { ...file };
    return api.send({ method: "POST", route: FILES, body, kind: "write", idempotent: false, read }, options);
  }

  /** Uploads a file, at most 50 MB, as it is read. Repeated only if it was surely not done. Throws AttioAuthError for a plan's limits. */
  function upload(
    { object, recordId, parentFolderId, ...file }: FileUpload,
    options?: RequestOptions,
  ): Promise<AttioFile> {
    const payload = multipartPayload({ object, record_id: recordId, parent_folder_id: parentFolderId }, file);
    return api.send(
      {
        method: "POST",
        route: `${FILES}/upload`,
        payload,
        kind: "write",
        idempotent: false,
        timeoutMs: UPLOAD_TIMEOUT_MS,
        read: anyEnvelope(fileSchema),
      },
      options,
    );
  }

  /** Opens a file's content. The storage that Attio points to never sees the token. */
  async function download(fileId: string, options: RequestOptions = {}): Promise<FileDownload> {
    const params = { file_id: fileId };
    const request = get(`${FILE}/download`, { params, read: redirectBody });
    const address = await api.send({ ...request, redirects: true }, options);
    const place = { method: "GET", path: fillRoute(`${FILE}/download`, params), attempt: 1 };
    return fetchFile(new URL(address, baseUrl), place, options);
  }

  /** Deletes a file, or a folder with all that is in it. Throws AttioNotFoundError if it is not there. */
  function deleteFile(fileId: string, options?: RequestOptions): Promise<void> {
    return remove(api, { route: FILE, params: { file_id: fileId } }, options);
  }

  return { page, get: getFile, stream, list, create: createFile, upload, download, delete: deleteFile };
}

/** The docs disagree on whether answers to file writes come in the usual envelope; both are read. */
function anyEnvelope<T>(schema: z.ZodType<T>): () => BodySink<T> {
  return jsonBody(z.union([z.looseObject({ data: schema }).transform(({ data }) => data), schema]));
}

/** Attio answers 302 with a signed address (docs: "Download a file"). */
function redirectBody(_: number, { location }: AnswerHeaders): BodySink<string> {
  if (typeof location !== "string") throw new BodyError("unexpected_status", "the download has no address");
  return { write: () => undefined, end: () => location };
}
