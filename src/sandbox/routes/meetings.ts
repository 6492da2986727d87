import { notFound } from "../support/errors.ts";
import { invalidPayload } from "../support/errors.ts";
import { parseTime } from "../support/time.ts";
import { data, param, type Call, type Reply, type Route } from "../http/route.ts";
import { cursorPage, uuid } from "../http/params.ts";
import type { Meeting, MeetingTime, Recording } from "../store/resources.ts";
import { wireMeeting, wireRecording } from "../wire/resources.ts";
import { namedRecord } from "./linked.ts";

const MEETING_READ = ["meeting:read", "record_permission:read"];
const RECORDING_READ = ["meeting:read", "call_recording:read"];

/** Reading meetings and their recordings. */
export function meetingRoutes(): Route[] {
  const recordings = "/v2/meetings/:meeting/call_recordings";
  return [
    { method: "GET", url: "/v2/meetings", scopes: MEETING_READ, kind: "read", handle: list },
    {
      method: "GET",
      url: "/v2/meetings/:meeting",
      scopes: MEETING_READ,
      kind: "read",
      handle: (call) => data(wireMeeting(call.store.state, meetingOf(call))),
    },
    { method: "GET", url: recordings, scopes: RECORDING_READ, kind: "read", handle: listRecordings },
    {
      method: "GET",
      url: `${recordings}/:recording`,
      scopes: RECORDING_READ,
      kind: "read",
      handle: (call) => data(wireRecording(call.store.state, recordingOf(call), true)),
    },
    {
      method: "GET",
      url: `${recordings}/:recording/transcript`,
      scopes: RECORDING_READ,
      kind: "read",
      handle: transcript,
    },
  ];
}

/** The meeting named in the path. Throws 404. */
export function meetingOf(call: Call): Meeting {
  return call.store.findMeeting(uuid(param(call, "meeting"), "meeting_id"));
}

/** The recording named in the path. Throws 404, also if it belongs to another meeting. */
export function recordingOf(call: Call): Recording {
  const meeting = meetingOf(call);
  const id = uuid(param(call, "recording"), "call_recording_id");
  const recording = call.store.findRecording(id);
  if (recording.meetingId === meeting.id) return recording;
  throw notFound(`Call recording with ID "${id}" was not found.`);
}

function list(call: Call): Reply {
  const linked = namedRecord(call, "linked_object", "linked_record_id");
  const emails = (call.query["participants"] ?? "").split(",").filter((email) => email !== "");
  const isAny = linked === undefined && emails.length === 0;
  const from = timeParam(call, "ends_from");
  const before = timeParam(call, "starts_before");
  const meetings = call.store.meetings().filter((meeting) => {
    if (from !== undefined && instant(meeting.end) < from) return false;
    if (before !== undefined && instant(meeting.start) >= before) return false;
    return isAny || isLinked(meeting, linked?.recordId) || hasParticipant(meeting, emails);
  });
  return cursorPage(call, "meetings", meetings.sort(sortOf(call)), (one) =>
    wireMeeting(call.store.state, one),
  );
}

function listRecordings(call: Call): Reply {
  const meeting = meetingOf(call);
  const recordings = call.store.recordings().filter((one) => one.meetingId === meeting.id);
  return cursorPage(call, "recordings", recordings, (one) => wireRecording(call.store.state, one));
}

/** Deprecated in favour of the recording itself. All segments come on one page. */
function transcript(call: Call): Reply {
  const { id, web_url, transcript: whole } = wireRecording(call.store.state, recordingOf(call), true);
  if (whole === null || whole === undefined) throw notFound("The transcript was not found.");
  const { segments, raw_transcript } = whole as { segments: readonly never[]; raw_transcript: string };
  const body = { id: id ?? null, transcript: segments, raw_transcript, web_url: web_url ?? null };
  return { body: { data: body, pagination: { next_cursor: null } } };
}

function sortOf(call: Call): (a: Meeting, b: Meeting) => number {
  const sort = call.query["sort"] ?? "start_asc";
  if (sort !== "start_asc" && sort !== "start_desc")
    throw invalidPayload(["sort"], "Invalid enum value", "Query");
  const sign = sort === "start_asc" ? 1 : -1;
  const key = (meeting: Meeting): string => instant(meeting.start) + meeting.id;
  return (a, b) => (key(a) < key(b) ? -sign : sign);
}

function isLinked(meeting: Meeting, recordId: string | undefined): boolean {
  return recordId !== undefined && meeting.linkedRecords.some((record) => record.id === recordId);
}

function hasParticipant(meeting: Meeting, emails: readonly string[]): boolean {
  return meeting.participants.some((one) => one.emailAddress !== null && emails.includes(one.emailAddress));
}

/** All-day meetings are taken as UTC: `timezone` is not simulated. */
function instant(time: MeetingTime): string {
  return "date" in time ? `${time.date}T00:00:00.000000000Z` : time.datetime;
}

function timeParam(call: Call, name: string): string | undefined {
  const text = call.query[name];
  if (text === undefined) return undefined;
  const time = parseTime(text);
  if (time === undefined) throw invalidPayload([name], "Invalid datetime", "Query");
  return time;
}
