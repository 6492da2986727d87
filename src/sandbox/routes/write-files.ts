import { z } from "zod";
import { invalidPayload, SandboxError } from "../support/errors.ts";
import { readBody, uuidText } from "../http/body.ts";
import { actorOf, type Call, type Reply, type Route } from "../http/route.ts";
import { findRecord } from "../store/find.ts";
import type { Item } from "../store/model.ts";
import { wireFile } from "../wire/resources.ts";
import { fileOf } from "./files.ts";
import { RECORD_READ } from "./items.ts";

const MAX_BYTES = 50 * 1024 * 1024;
const scopes = ["file:read-write", ...RECORD_READ];
const place = { object: z.string(), record_id: uuidText };
const createBody = z.union([
  z.object({
    ...place,
    file_type: z.literal("folder"),
    name: z.string().min(1),
    parent_folder_id: uuidText.nullish(),
  }),
  z.object({
    ...place,
    file_type: z.enum(["connected-file", "connected-folder"]),
    storage_provider: z.enum(["dropbox", "box", "google-drive", "microsoft-onedrive"]),
    external_provider_file_id: z.string(),
    microsoft_drive_id: z.string().nullish(),
  }),
]);

/** Creating, uploading and deleting files (docs page "Files"); these bodies are not wrapped in `data`. */
export function fileWriteRoutes(): Route[] {
  return [
    { method: "POST", url: "/v2/files", scopes, kind: "write", handle: create },
    { method: "POST", url: "/v2/files/upload", scopes, kind: "write", handle: upload },
    { method: "DELETE", url: "/v2/files/:file", scopes, kind: "write", handle: remove },
  ];
}

function create(call: Call): Reply {
  const body = readBody(call, createBody);
  const record = recordOf(call, body.object, body.record_id);
  const by = actorOf(call);
  const file =
    body.file_type === "folder"
      ? call.store.createFile(
          { record, fileType: "folder", name: body.name, parentFolderId: body.parent_folder_id ?? null },
          { by },
        )
      : call.store.createFile(
          {
            record,
            fileType: body.file_type,
            storageProvider: body.storage_provider,
            externalProviderFileId: body.external_provider_file_id,
            microsoftDriveId: body.microsoft_drive_id ?? null,
          },
          { by },
        );
  return { body: { data: wireFile(call.store.state, file) } };
}

async function upload(call: Call): Promise<Reply> {
  const form = await formOf(call);
  const [file, object, recordId, folder] = ["file", "object", "record_id", "parent_folder_id"].map((name) =>
    form.get(name),
  );
  if (!(file instanceof Blob)) throw invalidPayload(["file"]);
  if (typeof object !== "string") throw invalidPayload(["object"]);
  if (typeof recordId !== "string") throw invalidPayload(["record_id"]);
  if (file.size > MAX_BYTES) throw new SandboxError(413, "validation_type", "The file is too large.");
  const stored = call.store.createFile(
    {
      record: recordOf(call, object, recordId),
      fileType: "file",
      name: "name" in file && typeof file.name === "string" ? file.name : "file",
      contentType: file.type === "" ? "application/octet-stream" : file.type,
      content: Buffer.from(await file.arrayBuffer()),
      parentFolderId: typeof folder === "string" && folder !== "" ? folder : null,
    },
    { by: actorOf(call) },
  );
  return { status: 201, body: { data: wireFile(call.store.state, stored) } };
}

async function formOf(call: Call): Promise<FormData> {
  if (call.bytes === undefined || !call.contentType.startsWith("multipart/form-data")) {
    throw invalidPayload([], "Expected multipart/form-data");
  }
  const response = new Response(call.bytes, { headers: { "content-type": call.contentType } });
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- it holds the whole body in memory, which is fine here
  return response.formData().catch(() => {
    throw invalidPayload([], "Invalid multipart/form-data");
  });
}

function remove(call: Call): Reply {
  call.store.deleteFile(fileOf(call).id);
  return { body: {} };
}

function recordOf(call: Call, object: string, recordId: string): Item {
  return findRecord(call.store.object(object), recordId);
}
