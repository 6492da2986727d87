import { bigint, boolean, date, index, jsonb, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { bookkeeping } from "./bookkeeping.ts";
import { mirrorSchema, timestamptz } from "./schemas.ts";

function createdBy() {
  return {
    createdByActorType: text("created_by_actor_type"),
    createdByActorId: text("created_by_actor_id"),
    createdAt: timestamptz("created_at"),
  };
}

export const workspaceMembers = mirrorSchema.table("workspace_members", {
  workspaceMemberId: uuid("workspace_member_id").primaryKey(),
  firstName: text("first_name"),
  lastName: text("last_name"),
  avatarUrl: text("avatar_url"),
  emailAddress: text("email_address"),
  accessLevel: text("access_level"),
  createdAt: timestamptz("created_at"),
  ...bookkeeping(),
});

export const notes = mirrorSchema.table(
  "notes",
  {
    noteId: uuid("note_id").primaryKey().defaultRandom(),
    parentObject: text("parent_object"),
    parentRecordId: uuid("parent_record_id"),
    title: text("title"),
    contentPlaintext: text("content_plaintext"),
    contentMarkdown: text("content_markdown"),
    tags: jsonb("tags"),
    meetingId: uuid("meeting_id"),
    ...createdBy(),
    ...bookkeeping(),
  },
  (table) => [index("notes_parent").on(table.parentRecordId)],
);

export const tasks = mirrorSchema.table("tasks", {
  taskId: uuid("task_id").primaryKey().defaultRandom(),
  contentPlaintext: text("content_plaintext"),
  deadlineAt: timestamptz("deadline_at"),
  isCompleted: boolean("is_completed"),
  completedAt: timestamptz("completed_at"),
  linkedRecords: jsonb("linked_records"),
  assignees: uuid("assignees").array(),
  ...createdBy(),
  ...bookkeeping(),
});

/** Where a thread or comment hangs; an entry's comment names the record too. */
function commentParent() {
  return {
    recordId: uuid("record_id"),
    objectId: uuid("object_id"),
    entryId: uuid("entry_id"),
    listId: uuid("list_id"),
  };
}

export const threads = mirrorSchema.table(
  "threads",
  {
    threadId: uuid("thread_id").primaryKey(),
    ...commentParent(),
    createdAt: timestamptz("created_at"),
    ...bookkeeping(),
  },
  (table) => [index("threads_record").on(table.recordId), index("threads_entry").on(table.entryId)],
);

export const comments = mirrorSchema.table(
  "comments",
  {
    commentId: uuid("comment_id").primaryKey().defaultRandom(),
    threadId: uuid("thread_id"),
    contentPlaintext: text("content_plaintext"),
    ...commentParent(),
    resolvedAt: timestamptz("resolved_at"),
    resolvedByType: text("resolved_by_type"),
    resolvedById: text("resolved_by_id"),
    authorType: text("author_type"),
    authorId: text("author_id"),
    createdAt: timestamptz("created_at"),
    ...bookkeeping(),
  },
  (table) => [
    index("comments_record").on(table.recordId),
    index("comments_entry").on(table.entryId),
    index("comments_thread").on(table.threadId),
  ],
);

/** A meeting's start and end are an instant with a zone, or whole days. */
export const meetings = mirrorSchema.table("meetings", {
  meetingId: uuid("meeting_id").primaryKey(),
  title: text("title"),
  description: text("description"),
  isAllDay: boolean("is_all_day"),
  startDatetime: timestamptz("start_datetime"),
  startTimezone: text("start_timezone"),
  startDate: date("start_date"),
  endDatetime: timestamptz("end_datetime"),
  endTimezone: text("end_timezone"),
  endDate: date("end_date"),
  participants: jsonb("participants"),
  linkedRecords: jsonb("linked_records"),
  ...createdBy(),
  ...bookkeeping(),
});

export const callRecordings = mirrorSchema.table(
  "call_recordings",
  {
    callRecordingId: uuid("call_recording_id").primaryKey(),
    meetingId: uuid("meeting_id"),
    status: text("status"),
    webUrl: text("web_url"),
    transcript: jsonb("transcript"),
    rawTranscript: text("raw_transcript"),
    ...createdBy(),
    ...bookkeeping(),
  },
  (table) => [index("call_recordings_meeting").on(table.meetingId)],
);

export const files = mirrorSchema.table(
  "files",
  {
    fileId: uuid("file_id").primaryKey(),
    objectId: uuid("object_id"),
    objectSlug: text("object_slug"),
    recordId: uuid("record_id"),
    fileType: text("file_type"),
    name: text("name"),
    contentType: text("content_type"),
    contentSize: bigint("content_size", { mode: "number" }),
    parentFolderId: uuid("parent_folder_id"),
    storageProvider: text("storage_provider"),
    externalProviderFileId: text("external_provider_file_id"),
    microsoftDriveId: text("microsoft_drive_id"),
    ...createdBy(),
    ...bookkeeping(),
  },
  (table) => [index("files_record").on(table.recordId)],
);

/** Attio's whole JSON of every record and entry, kept when RAW is on. */
export const raw = mirrorSchema.table(
  "raw",
  {
    stream: text("stream").notNull(),
    id: uuid("id").notNull(),
    values: jsonb("values").notNull(),
  },
  (table) => [primaryKey({ columns: [table.stream, table.id] })],
);
