import { z } from "zod";
import { badRequest } from "../support/errors.ts";
import { pastTime, readData, uuidText } from "../http/body.ts";
import { actorOf, data, param, type Call, type Reply, type Route } from "../http/route.ts";
import { uuid } from "../http/params.ts";
import { assertScopes } from "../http/tokens.ts";
import { findEntry, findRecord } from "../store/find.ts";
import type { Item } from "../store/model.ts";
import type { Thread } from "../store/resources.ts";
import { memberActor } from "../store/state.ts";
import { wireComment } from "../wire/resources.ts";
import { ENTRY_READ, RECORD_READ } from "./items.ts";
import { visibleList } from "./targets.ts";

const scopes = ["comment:read-write"];
const shared = {
  format: z.literal("plaintext"),
  content: z.string(),
  author: z.object({ type: z.literal("workspace-member"), id: uuidText }),
  created_at: pastTime.optional(),
};
/** Exactly one of thread, record and entry. */
const createBody = z.union([
  z.strictObject({ ...shared, thread_id: uuidText }),
  z.strictObject({ ...shared, record: z.object({ object: z.string(), record_id: uuidText }) }),
  z.strictObject({ ...shared, entry: z.object({ list: z.string(), entry_id: uuidText }) }),
]);

/** Creating and deleting comments (docs page "Comments"). */
export function commentWriteRoutes(): Route[] {
  return [
    { method: "POST", url: "/v2/comments", scopes, kind: "write", camelCaseErrors: true, handle: create },
    { method: "DELETE", url: "/v2/comments/:comment", scopes, kind: "write", handle: remove },
  ];
}

function create(call: Call): Reply {
  const body = readData(call, createBody);
  const { store } = call;
  if (!store.members().some((member) => member.id === body.author.id)) {
    throw badRequest("value_not_found", `Workspace member with ID "${body.author.id}" not found.`);
  }
  const { content, created_at: createdAt } = body;
  const author = memberActor(body.author.id);
  const input = { content, on: subjectOf(call, body), author, ...(createdAt !== undefined && { createdAt }) };
  const { comment, thread } = store.createComment(input, { by: actorOf(call) });
  return data(wireComment(store.state, comment, thread));
}

function remove(call: Call): Reply {
  call.store.deleteComment(uuid(param(call, "comment"), "comment_id"), { by: actorOf(call) });
  return { body: {} };
}

function subjectOf(call: Call, body: z.infer<typeof createBody>): Item | Thread {
  if ("thread_id" in body) return call.store.findThread(body.thread_id, "body");
  if ("record" in body) {
    assertScopes(call.token, RECORD_READ);
    return findRecord(call.store.object(body.record.object), body.record.record_id);
  }
  assertScopes(call.token, ENTRY_READ);
  return findEntry(visibleList(call, body.entry.list), body.entry.entry_id);
}
