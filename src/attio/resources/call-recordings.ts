import { dataBody, pageBody, type Page } from "../body.ts";
import { collect, walkCursors } from "../pagination.ts";
import { get, type Api } from "../requests.ts";
import { callRecordingSchema, type CallRecording } from "../schemas/meeting.ts";
import type { RequestOptions } from "../transport.ts";
import type { CursorWindow } from "../window.ts";

/** Attio's maximum. */
const PAGE_SIZE = 200;
const RECORDINGS = "/v2/meetings/{meeting_id}/call_recordings";

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
    return api.send(get(`${RECORDINGS}/{call_recording_id}`, { params, read }), options);
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

  return { page, get: getRecording, stream, list };
}
