import type { JsonObject } from "../../lib/json.ts";
import { dataBody, pageBody, type Page } from "../body.ts";
import { collect, walkCursors } from "../pagination.ts";
import { create, get, patch, put, remove, type Api, type RequestOptions } from "../requests.ts";
import { meetingSchema, type Meeting } from "../schemas/meeting.ts";
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

/** A point in time with a zone, or a whole day. */
export type MeetingMoment =
  { readonly datetime: string; readonly timezone?: string | null } | { readonly date: string };

/** A meeting to make (docs: "Create a meeting"). */
export type NewMeeting = {
  readonly title: string;
  readonly description: string;
  readonly is_all_day: boolean;
  readonly start: MeetingMoment;
  /** Exclusive. */
  readonly end: MeetingMoment;
  /** A participant without an email address needs a name. */
  readonly participants: readonly JsonObject[];
  readonly linked_records?: readonly JsonObject[];
};

/** Attio's maximum. */
const PAGE_SIZE = 200;
const MEETINGS = "/v2/meetings";
const MEETING = `${MEETINGS}/{meeting_id}`;

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
    return api.send(get(MEETING, { params, read: dataBody(meetingSchema) }), options);
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

  /** Makes a meeting; it is up to the caller that there is none yet. People and companies are made for its participants. */
  function createMeeting(meeting: NewMeeting, options?: RequestOptions): Promise<Meeting> {
    return api.send(create(MEETINGS, { data: meeting, read: dataBody(meetingSchema) }), options);
  }

  /** Changes what is named; linked records are added. */
  function update(
    meetingId: string,
    fields: Partial<NewMeeting>,
    options?: RequestOptions,
  ): Promise<Meeting> {
    const params = { meeting_id: meetingId };
    return api.send(patch(MEETING, { params, data: fields, read: dataBody(meetingSchema) }), options);
  }

  /** Changes what is named; linked records are replaced. */
  function overwrite(
    meetingId: string,
    fields: Partial<NewMeeting>,
    options?: RequestOptions,
  ): Promise<Meeting> {
    const params = { meeting_id: meetingId };
    return api.send(put(MEETING, { params, data: fields, read: dataBody(meetingSchema) }), options);
  }

  /** Deletes a meeting that was made through the API. */
  function deleteMeeting(meetingId: string, options?: RequestOptions): Promise<void> {
    return remove(api, { route: MEETING, params: { meeting_id: meetingId } }, options);
  }

  return {
    page,
    get: getMeeting,
    stream,
    list,
    create: createMeeting,
    update,
    overwrite,
    delete: deleteMeeting,
  };
}
