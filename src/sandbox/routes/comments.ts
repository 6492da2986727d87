import { badRequest } from "../support/errors.ts";
import { data, param, type Call, type Reply, type Route } from "../http/route.ts";
import { uuid, windowOf } from "../http/params.ts";
import { assertScopes } from "../http/tokens.ts";
import { findEntry, findRecord } from "../store/find.ts";
import type { Item } from "../store/model.ts";
import { wireComment, wireThread } from "../wire/resources.ts";
import { ENTRY_READ, RECORD_READ } from "./items.ts";
import { visibleList } from "./targets.ts";

const scopes = ["comment:read"];

/** Reading threads and comments. */
export function commentRoutes(): Route[] {
  return [
    { method: "GET", url: "/v2/threads", scopes, kind: "read", handle: list },
    {
      method: "GET",
      url: "/v2/threads/:thread",
      scopes,
      kind: "read",
      handle: (call) => {
        const id = uuid(param(call, "thread"), "thread_id");
        return data(wireThread(call.store.state, call.store.findThread(id)));
      },
    },
    {
      method: "GET",
      url: "/v2/comments/:comment",
      scopes,
      kind: "read",
      handle: (call) => {
        const { comment, thread } = call.store.findComment(uuid(param(call, "comment"), "comment_id"));
        return data(wireComment(call.store.state, comment, thread));
      },
    },
  ];
}

function list(call: Call): Reply {
  const subject = subjectOf(call);
  const { limit, offset } = windowOf(call, "threads", 10, 50);
  const threads = call.store.threads().filter((thread) => thread.subject === subject);
  return data(threads.slice(offset, offset + limit).map((thread) => wireThread(call.store.state, thread)));
}

/** Threads cannot be listed without naming a record or an entry. */
function subjectOf(call: Call): Item {
  const { object, record_id: recordId, list: listName, entry_id: entryId } = call.query;
  if (object !== undefined && recordId !== undefined && entryId === undefined) {
    assertScopes(call.token, RECORD_READ);
    return findRecord(call.store.object(object), uuid(recordId, "record_id"));
  }
  if (listName !== undefined && entryId !== undefined && recordId === undefined) {
    assertScopes(call.token, ENTRY_READ);
    return findEntry(visibleList(call, listName), uuid(entryId, "entry_id"));
  }
  throw badRequest("validation_type", "Either record_id and object, or entry_id and list must be given.");
}
