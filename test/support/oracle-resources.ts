import { at, listAt, mapAll, textAt, type Api, type Json } from "./oracle-api.ts";

/** A thing of Attio's, and the row that must stand for it. */
export interface ExpectedRow {
  id: string;
  columns: Readonly<Record<string, Json>>;
}

/** A fixed table and how its rows are asked for and expected. */
export interface ResourceTable {
  table: string;
  key: string;
  rows: (api: Api, places: Places) => Promise<ExpectedRow[]>;
}

/** What threads and files hang on; Attio lists them nowhere else. */
export interface Places {
  /** Slug of the object, or of the list, and the id of the record or entry. */
  records: readonly { source: string; id: string }[];
  entries: readonly { source: string; id: string }[];
  /** Read once for the two tables that they fill. */
  threads?: Promise<Json[]>;
}

/** The fixed tables that mirror what happens in a workspace. */
export const RESOURCE_TABLES: readonly ResourceTable[] = [
  {
    table: "workspace_members",
    key: "workspace_member_id",
    rows: async (api) => (await members(api)).map(member),
  },
  {
    table: "notes",
    key: "note_id",
    rows: async (api) => (await api.byOffset("/v2/notes", { limit: "50" })).map(note),
  },
  {
    table: "tasks",
    key: "task_id",
    rows: async (api) => (await api.byOffset("/v2/tasks", { limit: "500" })).map(task),
  },
  {
    table: "threads",
    key: "thread_id",
    rows: async (api, places) => (await threads(api, places)).map(thread),
  },
  {
    table: "comments",
    key: "comment_id",
    rows: async (api, places) =>
      (await threads(api, places)).flatMap((one) => listAt(one, "comments")).map(comment),
  },
  { table: "meetings", key: "meeting_id", rows: async (api) => (await meetings(api)).map(meeting) },
  {
    table: "call_recordings",
    key: "call_recording_id",
    rows: async (api) => (await recordings(api)).map(recording),
  },
  { table: "files", key: "file_id", rows: async (api, places) => (await files(api, places)).map(file) },
];

async function members(api: Api): Promise<Json[]> {
  return listAt(await api.get("/v2/workspace_members"), "data");
}

function meetings(api: Api): Promise<Json[]> {
  return api.byCursor("/v2/meetings", { limit: "200" });
}

function threads(api: Api, places: Places): Promise<Json[]> {
  places.threads ??= readThreads(api, places);
  return places.threads;
}

async function readThreads(api: Api, { records, entries }: Places): Promise<Json[]> {
  const page = { limit: "50" };
  const onRecords = await mapAll(records, ({ source, id }) =>
    api.byOffset("/v2/threads", { object: source, record_id: id, ...page }),
  );
  const onEntries = await mapAll(entries, ({ source, id }) =>
    api.byOffset("/v2/threads", { list: source, entry_id: id, ...page }),
  );
  return [...onRecords, ...onEntries].flat();
}

async function recordings(api: Api): Promise<Json[]> {
  const all = await mapAll(await meetings(api), async (one) => {
    const path = `/v2/meetings/${textAt(one, "id.meeting_id")}/call_recordings`;
    const listed = await api.byCursor(path, { limit: "200" });
    // Only the recording itself has its transcript.
    const ids = listed.map((recorded) => textAt(recorded, "id.call_recording_id"));
    return mapAll(ids, async (id) => at(await api.get(`${path}/${id}`), "data"));
  });
  return all.flat();
}

async function files(api: Api, { records }: Places): Promise<Json[]> {
  const all = await mapAll(records, ({ source, id }) =>
    api.byCursor("/v2/files", { object: source, record_id: id, limit: "200" }),
  );
  return all.flat();
}

/** Fields that are columns of the same name. */
function named(json: Json, ...fields: string[]): Record<string, Json> {
  return Object.fromEntries(fields.map((name) => [name, at(json, name)]));
}

function creation(json: Json): Record<string, Json> {
  return {
    created_by_actor_type: at(json, "created_by_actor.type"),
    created_by_actor_id: at(json, "created_by_actor.id"),
    created_at: at(json, "created_at"),
  };
}

function member(json: Json): ExpectedRow {
  const columns = named(
    json,
    "first_name",
    "last_name",
    "avatar_url",
    "email_address",
    "access_level",
    "created_at",
  );
  return { id: textAt(json, "id.workspace_member_id"), columns };
}

function note(json: Json): ExpectedRow {
  const columns = {
    ...named(json, "parent_object", "parent_record_id", "title", "content_plaintext", "content_markdown"),
    ...named(json, "tags", "meeting_id"),
    ...creation(json),
  };
  return { id: textAt(json, "id.note_id"), columns };
}

function task(json: Json): ExpectedRow {
  const assignees = listAt(json, "assignees").map((one) => at(one, "referenced_actor_id"));
  const columns = {
    ...named(json, "content_plaintext", "deadline_at", "is_completed", "completed_at", "linked_records"),
    assignees: assignees.length === 0 ? null : assignees,
    ...creation(json),
  };
  return { id: textAt(json, "id.task_id"), columns };
}

function place(json: Json): Record<string, Json> {
  return {
    record_id: at(json, "record.record_id"),
    object_id: at(json, "record.object_id"),
    entry_id: at(json, "entry.entry_id"),
    list_id: at(json, "entry.list_id"),
  };
}

function thread(json: Json): ExpectedRow {
  const [first = null] = listAt(json, "comments");
  return {
    id: textAt(json, "id.thread_id"),
    columns: { ...place(first), created_at: at(json, "created_at") },
  };
}

function comment(json: Json): ExpectedRow {
  const columns = {
    ...named(json, "thread_id", "content_plaintext", "resolved_at", "created_at"),
    ...place(json),
    resolved_by_type: at(json, "resolved_by.type"),
    resolved_by_id: at(json, "resolved_by.id"),
    author_type: at(json, "author.type"),
    author_id: at(json, "author.id"),
  };
  return { id: textAt(json, "id.comment_id"), columns };
}

function meeting(json: Json): ExpectedRow {
  const columns = {
    ...named(json, "title", "description", "is_all_day", "participants", "linked_records"),
    start_datetime: at(json, "start.datetime"),
    start_timezone: at(json, "start.timezone"),
    start_date: at(json, "start.date"),
    end_datetime: at(json, "end.datetime"),
    end_timezone: at(json, "end.timezone"),
    end_date: at(json, "end.date"),
    ...creation(json),
  };
  return { id: textAt(json, "id.meeting_id"), columns };
}

function recording(json: Json): ExpectedRow {
  const columns = {
    meeting_id: at(json, "id.meeting_id"),
    ...named(json, "status", "web_url"),
    transcript: at(json, "transcript.segments"),
    raw_transcript: at(json, "transcript.raw_transcript"),
    ...creation(json),
  };
  return { id: textAt(json, "id.call_recording_id"), columns };
}

function file(json: Json): ExpectedRow {
  const columns = {
    ...named(
      json,
      "object_id",
      "object_slug",
      "record_id",
      "file_type",
      "name",
      "content_type",
      "content_size",
    ),
    ...named(json, "parent_folder_id", "storage_provider", "external_provider_file_id", "microsoft_drive_id"),
    ...creation(json),
  };
  return { id: textAt(json, "id.file_id"), columns };
}
