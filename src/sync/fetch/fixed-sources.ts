import type { AttioClient, RequestOptions } from "../../attio/index.ts";
import type { Sql } from "../../db/client.ts";
import type { ApplyTarget } from "../apply/target.ts";
import type { SyncDeps } from "../deps.ts";
import {
  callRecordingRow,
  commentRow,
  fileRow,
  meetingRow,
  memberRow,
  noteRow,
  taskRow,
  threadRow,
} from "../mapping/resources.ts";
import type { MappedRow } from "../mapping/row.ts";
import type { RowSource } from "./row-source.ts";
import { ticketed } from "./ticketed.ts";

/** Streams with a fixed table; threads are fed by the stream of comments. */
export type FixedTable =
  "members" | "notes" | "tasks" | "threads" | "comments" | "meetings" | "call_recordings" | "files";

/** Their plans never change: the tables come with the program's own migrations. */
const FIXED_VERSION = 0;

const target = (stream: FixedTable, table: string, key: string): ApplyTarget => ({
  stream,
  table,
  key,
  version: FIXED_VERSION,
  tracked: [],
});

export const FIXED_TARGETS: Readonly<Record<FixedTable, ApplyTarget>> = {
  members: target("members", "workspace_members", "workspace_member_id"),
  notes: target("notes", "notes", "note_id"),
  tasks: target("tasks", "tasks", "task_id"),
  threads: target("threads", "threads", "thread_id"),
  comments: target("comments", "comments", "comment_id"),
  meetings: target("meetings", "meetings", "meeting_id"),
  call_recordings: target("call_recordings", "call_recordings", "call_recording_id"),
  files: target("files", "files", "file_id"),
};

type FetchRow = (
  deps: { client: AttioClient; sql: Sql },
  id: string,
  options: RequestOptions,
  detail: Record<string, string> | null,
) => Promise<MappedRow>;

const FETCH_ROW: Readonly<Record<FixedTable, FetchRow>> = {
  members: async ({ client }, id, options) => memberRow(await client.members.get(id, options)),
  notes: async ({ client }, id, options) => noteRow(await client.notes.get(id, options)),
  tasks: async ({ client }, id, options) => taskRow(await client.tasks.get(id, options)),
  threads: async ({ client }, id, options) => threadRow(await client.threads.get(id, options)),
  comments: async ({ client }, id, options) => commentRow(await client.comments.get(id, options)),
  meetings: async ({ client }, id, options) => meetingRow(await client.meetings.get(id, options)),
  files: async ({ client }, id, options) => fileRow(await client.files.get(id, options)),
  call_recordings: async ({ client, sql }, id, options, detail) => {
    if (detail?.meeting_id !== undefined) {
      return callRecordingRow(await client.callRecordings.get(detail.meeting_id, id, options));
    }
    const [row] = await sql<{ meetingId: string }[]>`
      SELECT meeting_id AS "meetingId" FROM attio.call_recordings WHERE call_recording_id = ${id}`;
    if (row === undefined) throw new Error(`recording ${id} is not in the mirror, so its meeting is unknown`);
    return callRecordingRow(await client.callRecordings.get(row.meetingId, id, options));
  },
};

/** How single rows of a fixed table are looked up: one request each, Attio has no other. */
export function fixedRowSource(deps: SyncDeps, table: FixedTable): RowSource {
  const { client, db } = deps;
  return {
    fetchOne: async (id, options, detail = null) => {
      const fetched = await ticketed(db.sql, options, (sending) =>
        FETCH_ROW[table]({ client, sql: db.sql }, id, sending, detail),
      );
      return { ...fetched, value: { target: FIXED_TARGETS[table], rows: [fetched.value] } };
    },
  };
}
