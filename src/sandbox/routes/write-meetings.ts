import { z } from "zod";
import { badRequest } from "../support/errors.ts";
import { anyJson, isoTime, readData, uuidText } from "../http/body.ts";
import { actorOf, data, type Call, type Reply, type Route } from "../http/route.ts";
import { findRecord } from "../store/find.ts";
import type { Item } from "../store/model.ts";
import type { Participant } from "../store/resources.ts";
import { wireMeeting, wireRecording } from "../wire/resources.ts";
import { meetingOf, recordingOf } from "./meetings.ts";

const scopes = ["meeting:read-write", "record_permission:read"];
const RECORDING_SCOPES = ["meeting:read", "call_recording:read-write"];
const time = z.union([
  z.strictObject({ datetime: isoTime, timezone: z.string().nullish() }),
  z.strictObject({ date: z.iso.date() }),
]);
const links = z.array(z.object({ object: z.string(), record_id: uuidText }));
const createBody = z.object({
  title: z.string(),
  description: z.string(),
  start: time,
  end: time,
  is_all_day: z.boolean(),
  participants: z.array(
    z.object({
      email_address: z.string().nullish(),
      name: z.string().nullish(),
      is_organizer: z.union([z.boolean(), z.enum(["true", "false"])]),
      status: z.enum(["accepted", "tentative", "declined", "pending"]),
    }),
  ),
  linked_records: links.optional(),
  external_ref: anyJson.optional(),
});
const linkBody = z.object({ linked_records: links });
const recordingBody = z.object({
  video_url: z.url().optional(),
  transcript: z
    .array(
      z.object({
        speech: z.string(),
        start_time: z.number(),
        end_time: z.number(),
        speaker: z.object({ name: z.string() }),
      }),
    )
    .optional(),
});

/** Creating, changing and deleting meetings and recordings (docs pages "Meetings" and "Call recordings"). */
export function meetingWriteRoutes(): Route[] {
  const one = "/v2/meetings/:meeting";
  const recordings = `${one}/call_recordings`;
  const write = (method: Route["method"], url: string, handle: (call: Call) => Reply): Route => ({
    method,
    url,
    scopes: url.startsWith(recordings) ? RECORDING_SCOPES : scopes,
    kind: "write",
    handle,
  });
  return [
    { ...write("POST", "/v2/meetings", create), camelCaseErrors: true },
    write("PATCH", one, (call) => relink(call, "add")),
    write("PUT", one, (call) => relink(call, "replace")),
    write("DELETE", one, remove),
    { ...write("POST", recordings, createRecording), perSecond: 1 },
    write("DELETE", `${recordings}/:recording`, removeRecording),
  ];
}

/** With `external_ref`, as the API was until summer 2026, an existing meeting is found again. */
function create(call: Call): Reply {
  const body = readData(call, createBody);
  const { state } = call.store;
  const { externalMeetings } = state;
  const reference = body.external_ref === undefined ? undefined : JSON.stringify(body.external_ref);
  const known = reference === undefined ? undefined : externalMeetings.get(reference);
  const existing = known === undefined ? undefined : state.meetings.get(known);
  if (existing !== undefined) return data(wireMeeting(state, existing));
  const meeting = call.store.createMeeting(
    {
      title: body.title,
      description: body.description,
      start: timeOf(body.start),
      end: timeOf(body.end),
      participants: body.participants.map(participantOf),
      linkedRecords: recordsOf(call, body.linked_records ?? []),
    },
    { by: actorOf(call) },
  );
  if (reference !== undefined) externalMeetings.set(reference, meeting.id);
  return data(wireMeeting(state, meeting));
}

function relink(call: Call, how: "add" | "replace"): Reply {
  const meeting = meetingOf(call);
  const given = recordsOf(call, readData(call, linkBody).linked_records);
  const linkedRecords = how === "add" ? [...new Set([...meeting.linkedRecords, ...given])] : given;
  return data(wireMeeting(call.store.state, call.store.updateMeeting(meeting.id, { linkedRecords })));
}

function remove(call: Call): Reply {
  const meeting = meetingOf(call);
  if (meeting.createdBy.type !== "api-token") {
    throw badRequest("validation_type", "Only meetings created through the API can be deleted.");
  }
  call.store.deleteMeeting(meeting.id);
  return { body: {} };
}

function createRecording(call: Call): Reply {
  const meeting = meetingOf(call);
  const { transcript } = readData(call, recordingBody);
  const segments = transcript?.map((one) => ({
    speech: one.speech,
    startTime: one.start_time,
    endTime: one.end_time,
    speaker: one.speaker.name,
  }));
  const input = { meetingId: meeting.id, transcript: segments ?? null };
  return data(wireRecording(call.store.state, call.store.createRecording(input, { by: actorOf(call) })));
}

function removeRecording(call: Call): Reply {
  call.store.deleteRecording(recordingOf(call).id);
  return { status: 204, body: undefined };
}

function timeOf(given: z.infer<typeof time>) {
  return "date" in given ? given : { datetime: given.datetime, timezone: given.timezone ?? null };
}

function participantOf(one: z.infer<typeof createBody>["participants"][number]): Participant {
  const [emailAddress, name] = [one.email_address ?? null, one.name ?? null];
  if (emailAddress === null && name === null) {
    throw badRequest("validation_type", "A participant without an email address needs a name.");
  }
  return { status: one.status, isOrganizer: String(one.is_organizer) === "true", emailAddress, name };
}

function recordsOf(call: Call, given: z.infer<typeof links>): Item[] {
  return given.map(({ object, record_id }) => findRecord(call.store.object(object), record_id));
}
