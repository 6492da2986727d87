import { z } from "zod";
import { SandboxError } from "../support/errors.ts";
import { pastTime, readData, uuidText } from "../http/body.ts";
import { actorOf, data, type Call, type Reply, type Route } from "../http/route.ts";
import { findRecord } from "../store/find.ts";
import { wireNote } from "../wire/resources.ts";
import { RECORD_READ } from "./items.ts";
import { noteOf } from "./notes.ts";

/** The real limit isn't published. */
const MAX_CONTENT = 1_000_000;
const scopes = ["note:read-write", ...RECORD_READ];
const format = z.enum(["plaintext", "markdown"]);
const createBody = z.object({
  parent_object: z.string(),
  parent_record_id: uuidText,
  title: z.string(),
  format,
  content: z.string(),
  created_at: pastTime.optional(),
  meeting_id: uuidText.nullish(),
});
/** The parent can't be changed, so naming it is an error rather than a silent loss. */
const updateBody = z.strictObject({
  title: z.string().optional(),
  content: z.string().optional(),
  format: format.optional(),
});

/** Creating, changing and deleting notes (docs page "Notes"). */
export function noteWriteRoutes(): Route[] {
  return [
    { method: "POST", url: "/v2/notes", scopes, kind: "write", handle: create },
    { method: "PATCH", url: "/v2/notes/:note", scopes, kind: "write", handle: update },
    { method: "DELETE", url: "/v2/notes/:note", scopes: ["note:read-write"], kind: "write", handle: remove },
  ];
}

function create(call: Call): Reply {
  const body = readData(call, createBody);
  assertSize(body.content);
  const record = findRecord(call.store.object(body.parent_object), body.parent_record_id);
  const meeting = body.meeting_id == null ? null : call.store.findMeeting(body.meeting_id);
  const { title, content, created_at: createdAt } = body;
  const note = call.store.createNote(
    {
      record,
      title,
      content,
      format: body.format,
      meetingId: meeting?.id ?? null,
      ...(createdAt !== undefined && { createdAt }),
    },
    { by: actorOf(call) },
  );
  return data(wireNote(call.store.state, note));
}

function update(call: Call): Reply {
  const note = noteOf(call);
  const { title, content, format: given } = readData(call, updateBody);
  if (content !== undefined) assertSize(content);
  const patch = {
    ...(title !== undefined && { title }),
    ...(content !== undefined && { content }),
    ...(given !== undefined && { format: given }),
  };
  call.store.updateNote(note.id, patch, { by: actorOf(call) });
  return data(wireNote(call.store.state, note));
}

function remove(call: Call): Reply {
  call.store.deleteNote(noteOf(call).id, { by: actorOf(call) });
  return { body: {} };
}

function assertSize(content: string): void {
  if (content.length <= MAX_CONTENT) return;
  throw new SandboxError(413, "validation_type", "The note's content is too large.");
}
