import type { Merged } from "../../db/queries/outbox-merges.ts";
import type { Doorbell } from "../../db/queries/dirty.ts";
import type { AttioEvent } from "./events.ts";

/** What an event asks for. */
export interface Routed {
  doorbells: Doorbell[];
  /** Records that are gone: whatever pointed at them has changed too. */
  gone: string[];
  merged: Merged[];
  /** Threads of which a comment went: with the head, Attio deletes the others. */
  threads: string[];
  /** Attio's schema has to be read again. */
  schema: boolean;
  /** An event type that this version does not know. */
  unknown: boolean;
}

/** Streams by the ids of their objects and lists. */
export interface StreamNames {
  ofObject(id: string): string | undefined;
  ofList(id: string): string | undefined;
}

const NOTHING: Routed = { doorbells: [], gone: [], merged: [], threads: [], schema: false, unknown: false };

/** Nothing but the schema can tell what an unknown object or list is; its stream then has its first backfill ahead. */
const ASK_SCHEMA: Routed = { ...NOTHING, schema: true };

/**
 * Says what an event asks for. Pure. Events are doorbells: what changed is read from Attio, never from the event.
 * Types and fields: docs.attio.com, "Webhook reference".
 */
export function routeEvent(event: AttioEvent, streams: StreamNames): Routed {
  const [subject, verb = ""] = event.event_type.split(".");
  const announced = verb === "deleted";
  switch (subject) {
    case "record":
      return routeRecord(event, verb, streams);
    case "list-entry":
      return ringOne(streams.ofList(text(event.id.list_id)), event, "entry_id", announced);
    case "note":
    case "note-content":
      return ringOne("notes", event, "note_id", announced);
    case "task":
      return ringOne("tasks", event, "task_id", announced);
    case "comment":
      return routeComment(event, announced);
    case "workspace-member":
      return ringOne("members", event, "workspace_member_id", false);
    case "call-recording":
      return routeRecording(event);
    case "list":
    case "object-attribute":
    case "list-attribute":
      return ASK_SCHEMA;
    default:
      return { ...NOTHING, unknown: true };
  }
}

function routeRecord(event: AttioEvent, verb: string, streams: StreamNames): Routed {
  const stream = streams.ofObject(text(event.id.object_id));
  if (stream === undefined) return ASK_SCHEMA;
  const id = text(event.id.record_id);
  if (verb === "deleted") {
    return { ...ringOne(stream, event, "record_id", true), gone: [id] };
  }
  if (verb !== "merged") return ringOne(stream, event, "record_id", false);
  // Two events a merge: each names the new record and one of the two that it was made of.
  const oldId = text(event.duplicate_record_id);
  const doorbells = [
    { stream, id, reason: event.event_type },
    { stream, id: oldId, reason: event.event_type, announced: true },
  ].filter((doorbell) => isId(doorbell.id));
  return {
    ...NOTHING,
    doorbells,
    gone: [oldId].filter(isId),
    merged: isId(id) && isId(oldId) ? [{ oldId, newId: id, stream }] : [],
  };
}

function routeComment(event: AttioEvent, announced: boolean): Routed {
  const rung = ringOne("comments", event, "comment_id", announced);
  const thread = text(event.thread_id);
  if (!isId(thread)) return rung;
  return {
    ...rung,
    doorbells: [...rung.doorbells, { stream: "threads", id: thread, reason: event.event_type, announced }],
    threads: announced ? [thread] : [],
  };
}

function routeRecording(event: AttioEvent): Routed {
  const meeting = text(event.id.meeting_id);
  const id = text(event.id.call_recording_id);
  if (!isId(meeting) || !isId(id)) return { ...NOTHING, unknown: true };
  return {
    ...NOTHING,
    doorbells: [
      { stream: "call_recordings", id, reason: event.event_type, detail: { meeting_id: meeting } },
      { stream: "meetings", id: meeting, reason: event.event_type },
    ],
  };
}

function ringOne(stream: string | undefined, event: AttioEvent, key: string, announced: boolean): Routed {
  if (stream === undefined) return ASK_SCHEMA;
  const id = text(event.id[key]);
  if (!isId(id)) return { ...NOTHING, unknown: true };
  return { ...NOTHING, doorbells: [{ stream, id, reason: event.event_type, announced }] };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function isId(id: string): boolean {
  return UUID.test(id);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
