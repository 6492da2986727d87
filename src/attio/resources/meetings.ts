import { dataBody, pageBody, type Page } from "../body.ts";
import { collect, walkCursors } from "../pagination.ts";
import { get, type Api } from "../requests.ts";
import { meetingSchema, type Meeting } from "../schemas/meeting.ts";
import type { RequestOptions } from "../transport.ts";
import type { CursorWindow } from "../window.ts";

/** Which meetings, in which order (docs: "List meetings"). */
export interface MeetingFilter {
  readonly sort?: "start_asc" | "start_desc" | undefined;
  /** Slug or id; goes with `linkedRecordId`. */
  readonly linkedObject?: string | undefined;
  readonly linkedRecordId?: string | undefined;
  /** Email addresses; a meeting with any of them, or linked to the record, is listed. */
  readonly participants?: readonly string[] | undefined;
  /** Inclusive. */
  readonly endsFrom?: string | undefined;
  /** Exclusive. */
  readonly startsBefore?: string | undefined;
  /** An IANA name, for whole days; default UTC. */
  readonly timezone?: string | undefined;
}

/** Attio's maximum. */
const PAGE_SIZE = 200;
const MEETINGS = "/v2/meetings";

export type MeetingsResource = ReturnType<typeof createMeetings>;

/** Meetings. */
export function createMeetings(api: Api) {
  /** One page, at most 200; Attio's default is 50. */
  function page(
    { limit, cursor, ...filter }: MeetingFilter & CursorWindow = {},
    options?: RequestOptions,
  ): Promise<Page<Meeting>> {
    const query = {
      limit,
      cursor,
      sort: filter.sort,
      linked_object: filter.linkedObject,
      linked_record_id: filter.linkedRecordId,
      participants: filter.participants?.join(","),
      ends_from: filter.endsFrom,
      starts_before: filter.startsBefore,
      timezone: filter.timezone,
    };
    return api.send(get(MEETINGS, { query, read: pageBody(meetingSchema) }), options);
  }

  /** One meeting. Throws AttioNotFoundError. */
  function getMeeting(meetingId: string, options?: RequestOptions): Promise<Meeting> {
    const params = { meeting_id: meetingId };
    return api.send(get("/v2/meetings/{meeting_id}", { params, read: dataBody(meetingSchema) }), options);
  }

  /** All meetings, fetched as they are consumed. */
  function stream(
    filter: MeetingFilter = {},
    options?: RequestOptions,
  ): AsyncGenerator<Meeting, void, undefined> {
    return walkCursors(MEETINGS, (cursor) => page({ ...filter, limit: PAGE_SIZE, cursor }, options));
  }

  /** All meetings at once. */
  function list(filter: MeetingFilter = {}, options?: RequestOptions): Promise<Meeting[]> {
    return collect(stream(filter, options));
  }

  return { page, get: getMeeting, stream, list };
}
