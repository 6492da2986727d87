import type { JsonObject } from "../support/json.ts";
import type {
  Comment,
  Meeting,
  MeetingTime,
  Member,
  Note,
  NoteTag,
  Recording,
  StoredFile,
  Task,
  Thread,
} from "../store/resources.ts";
import type { State } from "../store/state.ts";
import { wireActor } from "./values.ts";

/** A workspace member (docs page "Get a workspace member"). */
export function wireMember(state: State, member: Member): JsonObject {
  return {
    id: { workspace_id: state.workspace.id, workspace_member_id: member.id },
    first_name: member.firstName,
    last_name: member.lastName,
    avatar_url: member.avatarUrl,
    email_address: member.emailAddress,
    created_at: member.createdAt,
    access_level: member.accessLevel,
  };
}

/** A note (docs page "Get a note"). */
export function wireNote(state: State, note: Note): JsonObject {
  return {
    id: { workspace_id: state.workspace.id, note_id: note.id },
    parent_object: note.record.container.slug,
    parent_record_id: note.record.id,
    title: note.title,
    meeting_id: note.meetingId,
    content_plaintext: note.plaintext,
    content_markdown: note.markdown,
    tags: note.tags.map((tag) => wireTag(state, tag)),
    created_by_actor: wireActor(note.createdBy),
    created_at: note.createdAt,
  };
}

/** A task (docs page "Get a task"); the object of a link is written as its slug, as the docs' example does. */
export function wireTask(state: State, task: Task): JsonObject {
  return {
    id: { workspace_id: state.workspace.id, task_id: task.id },
    content_plaintext: task.content,
    deadline_at: task.deadlineAt,
    is_completed: task.completedAt !== null,
    completed_at: task.completedAt,
    linked_records: task.linkedRecords.map((record) => ({
      target_object_id: record.container.slug,
      target_record_id: record.id,
    })),
    assignees: task.assignees.map((id) => ({
      referenced_actor_type: "workspace-member",
      referenced_actor_id: id,
    })),
    created_by_actor: wireActor(task.createdBy),
    created_at: task.createdAt,
  };
}

/** A thread with its comments, oldest first (docs page "Get a thread"). */
export function wireThread(state: State, thread: Thread): JsonObject {
  const comments = [...thread.comments].sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
  return {
    id: { workspace_id: state.workspace.id, thread_id: thread.id },
    comments: comments.map((comment) => wireComment(state, comment, thread)),
    created_at: thread.createdAt,
  };
}

/** A comment (docs page "Get a comment"). */
export function wireComment(state: State, comment: Comment, { subject }: Thread): JsonObject {
  const record = subject.parent ?? subject;
  const isEntry = subject.container.kind === "list";
  return {
    id: { workspace_id: state.workspace.id, comment_id: comment.id },
    thread_id: comment.threadId,
    content_plaintext: comment.content,
    entry: isEntry ? { entry_id: subject.id, list_id: subject.container.id } : null,
    record: { record_id: record.id, object_id: record.container.id },
    resolved_at: comment.resolvedAt,
    resolved_by: comment.resolvedBy === null ? { id: null, type: null } : wireActor(comment.resolvedBy),
    author: wireActor(comment.author),
    created_at: comment.createdAt,
  };
}

/** A meeting (docs page "Get a meeting"). */
export function wireMeeting(state: State, meeting: Meeting): JsonObject {
  return {
    id: { workspace_id: state.workspace.id, meeting_id: meeting.id },
    title: meeting.title,
    description: meeting.description,
    is_all_day: meeting.isAllDay,
    start: wireMeetingTime(meeting.start),
    end: wireMeetingTime(meeting.end),
    participants: meeting.participants.map((one) => ({
      status: one.status,
      is_organizer: one.isOrganizer,
      email_address: one.emailAddress,
      name: one.name,
    })),
    linked_records: meeting.linkedRecords.map((record) => ({
      object_slug: record.container.slug,
      object_id: record.container.id,
      record_id: record.id,
    })),
    created_at: meeting.createdAt,
    created_by_actor: wireActor(meeting.createdBy),
  };
}

/** A call recording; with its transcript where it is read alone (docs page "Get a call recording"). */
export function wireRecording(state: State, recording: Recording, withTranscript = false): JsonObject {
  const { id, meetingId } = recording;
  const shared = {
    id: { workspace_id: state.workspace.id, meeting_id: meetingId, call_recording_id: id },
    status: recording.status,
    web_url: `https://app.attio.com/${state.workspace.slug}/calls/${meetingId}/${id}`,
    created_by_actor: wireActor(recording.createdBy),
    created_at: recording.createdAt,
  };
  return withTranscript ? { ...shared, transcript: wireTranscript(recording) } : shared;
}

/** A file or folder (docs page "Get a file"). */
export function wireFile(state: State, file: StoredFile, hasChildren?: boolean): JsonObject {
  return {
    id: { workspace_id: state.workspace.id, file_id: file.id },
    file_type: file.fileType,
    object_id: file.record.container.id,
    object_slug: file.record.container.slug,
    record_id: file.record.id,
    storage_provider: file.storageProvider,
    ...fileFields(file),
    ...(file.fileType === "folder" && hasChildren !== undefined && { has_children: hasChildren }),
    created_by_actor: wireActor(file.createdBy),
    created_at: file.createdAt,
  };
}

function fileFields(file: StoredFile): JsonObject {
  const { name, parentFolderId } = file;
  if (file.fileType === "folder") return { name, parent_folder_id: parentFolderId };
  if (file.fileType === "file") {
    const content_size = file.content?.length ?? 0;
    return { name, content_type: file.contentType, content_size, parent_folder_id: parentFolderId };
  }
  return {
    external_provider_file_id: file.externalProviderFileId,
    microsoft_drive_id: file.microsoftDriveId,
  };
}

function wireTranscript({ transcript }: Recording): JsonObject | null {
  if (transcript === null) return null;
  return {
    segments: transcript.map((segment) => ({
      speech: segment.speech,
      start_time: segment.startTime,
      end_time: segment.endTime,
      speaker: { name: segment.speaker },
    })),
    raw_transcript: transcript.map(({ speaker, speech }) => `${speaker}: ${speech}`).join("\n"),
  };
}

function wireTag(state: State, tag: NoteTag): JsonObject {
  if (tag.type === "workspace-member") return { type: tag.type, workspace_member_id: tag.workspaceMemberId };
  const object = state.items.get(tag.recordId)?.container.slug ?? null;
  return { type: tag.type, object, record_id: tag.recordId };
}

function wireMeetingTime(time: MeetingTime): JsonObject {
  return "date" in time ? { date: time.date } : { datetime: time.datetime, timezone: time.timezone };
}
