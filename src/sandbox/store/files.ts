import { notFound } from "../support/errors.ts";
import { toTime, type TimeInput } from "../support/time.ts";
import { resolveRecord } from "./records.ts";
import type { RecordRef, StoredFile } from "./resources.ts";
import { stamp, type State, type WriteOptions } from "./state.ts";

/** A new file or folder. */
export interface FileInput {
  record: RecordRef;
  fileType: StoredFile["fileType"];
  name?: string | null;
  contentType?: string | null;
  content?: Buffer | null;
  parentFolderId?: string | null;
  storageProvider?: StoredFile["storageProvider"];
  externalProviderFileId?: string | null;
  microsoftDriveId?: string | null;
  createdAt?: TimeInput;
}

/** Puts a file or folder on a record; Attio has no events for files. Throws 404 `not_found`. */
export function createFile(state: State, input: FileInput, options: WriteOptions = {}): StoredFile {
  const { at, by } = stamp(state, options);
  if (input.parentFolderId != null) findFile(state, input.parentFolderId);
  const file: StoredFile = {
    id: state.random.uuid(),
    createdAt: input.createdAt === undefined ? at : toTime(input.createdAt),
    createdBy: by,
    fileType: input.fileType,
    storageProvider: input.storageProvider ?? "attio",
    name: input.name ?? null,
    contentType: input.contentType ?? null,
    content: input.content ?? null,
    externalProviderFileId: input.externalProviderFileId ?? null,
    microsoftDriveId: input.microsoftDriveId ?? null,
    parentFolderId: input.parentFolderId ?? null,
    record: resolveRecord(state, input.record),
  };
  state.files.set(file.id, file);
  return file;
}

/** Deletes a file, or a folder with all below it. Throws 404 `not_found`. */
export function deleteFile(state: State, fileId: string): void {
  findFile(state, fileId);
  state.files.delete(fileId);
  for (const child of [...state.files.values()]) {
    if (child.parentFolderId === fileId && state.files.has(child.id)) deleteFile(state, child.id);
  }
}

/** The file. Throws 404 `not_found`. */
export function findFile(state: State, fileId: string): StoredFile {
  const file = state.files.get(fileId);
  if (file === undefined) throw notFound(`File with ID "${fileId}" was not found.`);
  return file;
}
