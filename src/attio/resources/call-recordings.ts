import type { JsonObject } from "../../lib/json.ts";
import { dataBody, jsonBody, pageBody, type Page } from "../body.ts";
import { collect, walkCursors } from "../pagination.ts";
import { create, get, remove, type Api, type RequestOptions } from "../requests.ts";
import { callRecordingSchema, transcriptPageSchema, type CallRecording } from "../schemas/meeting.ts";
import type { CursorWindow } from "../window.ts";

/** A recording to add. */
export type NewCallRecording = {
  /** A public https address of an mp4 file. */
  readonly video_url?: string;
  readonly transcript?: readonly JsonObject[];
};

/** Attio's maximum. */
const PAGE_SIZE = 200;
const RECORDINGS = "/v2/meetings/{meeting_id}/call_recordings";
const RECORDING = `${RECORDINGS}/{call_recording_id}`;
/** Docs: "Create call recording". */
const CREATES_PER_SECOND = 1;

export type CallRecordingsResource = ReturnType<typeof createCallRecordings>;

/** Recordings of the calls in meetings. */
export function createCallRecordings(api: Api) {
  /** One page of a meeting's recordings, at most 200, without transcripts. */
  function page(
    meetingId: string,
    { limit, cursor }: CursorWindow = {},
    options?: RequestOptions,
  ): Promise<Page<CallRecording>> {
    const params = { meeting_id: meetingId };
    const read = pageBody(callRecordingSchema);
    return api.send(get(RECORDINGS, { params, query: { limit, cursor }, read }), options);
  }

  /** One recording with its transcript. Throws AttioNotFoundError. */
  function getRecording(
    meetingId: string,
    recordingId: string,
    options?: RequestOptions,
  ): Promise<CallRecording> {
    const params = { meeting_id: meetingId, call_recording_id: recordingId };
    const read = dataBody(callRecordingSchema);
    return api.send(get(RECORDING, { params, read }), options);
  }

  /** All recordings of a meeting, fetched as they are consumed. */
  function stream(
    meetingId: string,
    options?: RequestOptions,
  ): AsyncGenerator<CallRecording, void, undefined> {
    return walkCursors(RECORDINGS, (cursor) => page(meetingId, { limit: PAGE_SIZE, cursor }, options));
  }

  /** All recordings of a meeting at once. */
  function list(meetingId: string, options?: RequestOptions): Promise<CallRecording[]> {
    return collect(stream(meetingId, options));
  }

  /** Adds a recording, which Attio then fetches and processes. */
  function createRecording(
    meetingId: string,
    recording: NewCallRecording,
    options?: RequestOptions,
  ): Promise<CallRecording> {
    const params = { meeting_id: meetingId };
    const read = dataBody(callRecordingSchema);
    const limitPerSecond = CREATES_PER_SECOND;
    return api.send(create(RECORDINGS, { params, data: recording, limitPerSecond, read }), options);
  }

  /** Throws AttioNotFoundError if it is not there. */
  function deleteRecording(meetingId: string, recordingId: string, options?: RequestOptions): Promise<void> {
    const params = { meeting_id: meetingId, call_recording_id: recordingId };
    return remove(api, { route: RECORDING, params }, options);
  }

  /** One page of a transcript's segments. Attio advises against it by now: `get` has the whole transcript. */
  function transcriptPage(
    meetingId: string,
    { recordingId, cursor }: { readonly recordingId: string; readonly cursor?: string | undefined },
    options?: RequestOptions,
  ): Promise<Page<unknown>> {
    const params = { meeting_id: meetingId, call_recording_id: recordingId };
    const read = jsonBody(transcriptPageSchema);
    return api.send(get(`${RECORDING}/transcript`, { params, query: { cursor }, read }), options);
  }

  return {
    page,
    transcriptPage,
    get: getRecording,
    stream,
    list,
    create: createRecording,
    delete: deleteRecording,
  };
}
