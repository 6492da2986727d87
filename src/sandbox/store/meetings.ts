import { notFound } from "../support/errors.ts";
import { toTime, type TimeInput } from "../support/time.ts";
import { emitRecording } from "./events.ts";
import { resolveRecord } from "./records.ts";
import type { Meeting, MeetingTime, Participant, Recording, RecordRef, Segment } from "./resources.ts";
import { stamp, type State, type WriteOptions } from "./state.ts";

/** What can be changed on a meeting. */
export interface MeetingPatch {
  title?: string;
  description?: string;
  start?: MeetingTime;
  end?: MeetingTime;
  participants?: readonly Participant[];
  linkedRecords?: readonly RecordRef[];
}

/** A new meeting. */
export interface MeetingInput extends MeetingPatch {
  title: string;
  start: MeetingTime;
  end: MeetingTime;
  createdAt?: TimeInput;
}

/** A new recording. */
export interface RecordingInput {
  meetingId: string;
  status?: Recording["status"];
  transcript?: readonly Segment[] | null;
  createdAt?: TimeInput;
}

/** Adds a meeting; Attio has no events for meetings. Throws 404 `not_found` for a linked record. */
export function createMeeting(state: State, input: MeetingInput, options: WriteOptions = {}): Meeting {
  const { at, by } = stamp(state, options);
  const meeting: Meeting = {
    id: state.random.uuid(),
    createdAt: input.createdAt === undefined ? at : toTime(input.createdAt),
    createdBy: by,
    title: input.title,
    description: input.description ?? "",
    isAllDay: "date" in input.start,
    start: input.start,
    end: input.end,
    participants: input.participants ?? [],
    linkedRecords: (input.linkedRecords ?? []).map((ref) => resolveRecord(state, ref)),
  };
  state.meetings.set(meeting.id, meeting);
  return meeting;
}

/** Changes a meeting. Throws 404 `not_found`. */
export function updateMeeting(state: State, meetingId: string, patch: MeetingPatch): Meeting {
  const meeting = findMeeting(state, meetingId);
  const { linkedRecords, ...plain } = patch;
  Object.assign(meeting, plain, { isAllDay: "date" in (patch.start ?? meeting.start) });
  if (linkedRecords !== undefined)
    meeting.linkedRecords = linkedRecords.map((ref) => resolveRecord(state, ref));
  return meeting;
}

/** Deletes a meeting with its recordings. Throws 404 `not_found`. */
export function deleteMeeting(state: State, meetingId: string): void {
  findMeeting(state, meetingId);
  state.meetings.delete(meetingId);
  for (const recording of state.recordings.values()) {
    if (recording.meetingId === meetingId) state.recordings.delete(recording.id);
  }
}

/** The meeting. Throws 404 `not_found`. */
export function findMeeting(state: State, meetingId: string): Meeting {
  const meeting = state.meetings.get(meetingId);
  if (meeting === undefined) throw notFound(`Meeting with ID "${meetingId}" was not found.`);
  return meeting;
}

/** Adds a recording; the event comes once it isn't processing any more. Throws 404 `not_found`. */
export function createRecording(state: State, input: RecordingInput, options: WriteOptions = {}): Recording {
  const { at, by } = stamp(state, options);
  const recording: Recording = {
    id: state.random.uuid(),
    meetingId: findMeeting(state, input.meetingId).id,
    createdAt: input.createdAt === undefined ? at : toTime(input.createdAt),
    createdBy: by,
    status: input.status ?? "completed",
    transcript: input.transcript ?? null,
  };
  state.recordings.set(recording.id, recording);
  if (recording.status !== "processing") emitRecording(state, recording, by);
  return recording;
}

/** Ends the processing of a recording. Throws 404 `not_found`. */
export function finishRecording(
  state: State,
  recordingId: string,
  status: "completed" | "failed" = "completed",
  options: WriteOptions = {},
): Recording {
  const recording = findRecording(state, recordingId);
  recording.status = status;
  emitRecording(state, recording, stamp(state, options).by);
  return recording;
}

/** Deletes a recording; Attio has no event for it. Throws 404 `not_found`. */
export function deleteRecording(state: State, recordingId: string): void {
  findRecording(state, recordingId);
  state.recordings.delete(recordingId);
}

/** The recording. Throws 404 `not_found`. */
export function findRecording(state: State, recordingId: string): Recording {
  const recording = state.recordings.get(recordingId);
  if (recording === undefined) throw notFound(`Call recording with ID "${recordingId}" was not found.`);
  return recording;
}
