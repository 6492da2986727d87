import { invalidPayload } from "../support/errors.ts";
import { data, param, type Call, type Reply, type Route } from "../http/route.ts";
import type { OpenRoute } from "../http/server.ts";
import { cursorPage, uuid } from "../http/params.ts";
import { findRecord } from "../store/find.ts";
import type { StoredFile } from "../store/resources.ts";
import type { SandboxStore } from "../store/store.ts";
import { wireFile } from "../wire/resources.ts";
import { RECORD_READ } from "./items.ts";

const scopes = ["file:read", ...RECORD_READ];

/** Reading files. */
export function fileRoutes(): Route[] {
  return [
    { method: "GET", url: "/v2/files", scopes, kind: "read", handle: list },
    { method: "GET", url: "/v2/files/:file", scopes, kind: "read", handle: get },
    { method: "GET", url: "/v2/files/:file/download", scopes, kind: "read", handle: download },
  ];
}

/** Where a download leads: it takes no token, and the log shows whether one was forwarded to it. */
export function storageRoute(store: SandboxStore): OpenRoute {
  return {
    method: "GET",
    url: "/storage/:file",
    handle: (_authorization, params) => {
      const { content, contentType } = store.findFile(params["file"] ?? "");
      const headers = { "content-type": contentType ?? "application/octet-stream" };
      return { body: content ?? Buffer.alloc(0), headers };
    },
  };
}

/** The file named in the path. Throws 404. */
export function fileOf(call: Call): StoredFile {
  return call.store.findFile(uuid(param(call, "file"), "file_id"));
}

function list(call: Call): Reply {
  const { object, record_id: recordId, storage_provider: provider, parent_folder_id: folder } = call.query;
  if (object === undefined) throw invalidPayload(["object"], "Required", "Query");
  if (recordId === undefined) throw invalidPayload(["record_id"], "Required", "Query");
  const record = findRecord(call.store.object(object), uuid(recordId, "record_id"));
  const files = call.store.files().filter((file) => {
    if (file.record !== record) return false;
    if (provider !== undefined && file.storageProvider !== provider) return false;
    return folder === undefined || file.parentFolderId === folder;
  });
  return cursorPage(call, "files", files, (file) => wireFile(call.store.state, file));
}

function get(call: Call): Reply {
  const file = fileOf(call);
  const hasChildren = call.store.files().some((one) => one.parentFolderId === file.id);
  return data(wireFile(call.store.state, file, hasChildren));
}

/** A redirect to a signed URL: here one of the sandbox itself, which takes no token. */
function download(call: Call): Reply {
  const file = fileOf(call);
  if (file.fileType !== "file") throw invalidPayload(["file_id"], "Only files can be downloaded", "Query");
  return { status: 302, headers: { location: `/storage/${file.id}` }, body: undefined };
}
