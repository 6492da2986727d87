import type {
  AttioFile,
  CallRecording,
  Comment,
  Meeting,
  Note,
  Task,
  Thread,
  WorkspaceMember,
} from "../../attio/index.ts";
import { rowHash } from "./row.ts";
import type { MappedRow } from "./row.ts";
import { cleanJson, cutTimestamp } from "./text.ts";
import type { TextTally } from "./text.ts";

/** A person, token or system that did something, as Attio names it. */
interface Actor {
  type: string | null;
  id: string | null;
}

type Moment = Meeting["start"];

/** A workspace member as a row of `workspace_members`. */
export function memberRow(member: WorkspaceMember): MappedRow {
  return fixedRow(member.id.workspace_member_id, {
    first_name: member.first_name,
    last_name: member.last_name,
    avatar_url: member.avatar_url,
    email_address: member.email_address,
    access_level: member.access_level,
    created_at: cutTimestamp(member.created_at),
  });
}

/** A note as a row of `notes`. */
export function noteRow(note: Note): MappedRow {
  return fixedRow(note.id.note_id, {
    parent_object: note.parent_object,
    parent_record_id: note.parent_record_id,
    title: note.title,
    content_plaintext: note.content_plaintext,
    content_markdown: note.content_markdown,
    tags: note.tags,
    meeting_id: note.meeting_id,
    ...createdBy(note.created_by_actor),
    created_at: cutTimestamp(note.created_at),
  });
}

/** A task as a row of `tasks`; who it is assigned to as an array of ids, NULL for nobody. */
export function taskRow(task: Task): MappedRow {
  const assignees = task.assignees.map((actor) => actor.referenced_actor_id).filter((id) => id !== null);
  return fixedRow(task.id.task_id, {
    content_plaintext: task.content_plaintext,
    deadline_at: instantOrNull(task.deadline_at),
    is_completed: task.is_completed,
    completed_at: instantOrNull(task.completed_at),
    linked_records: task.linked_records,
    assignees: assignees.length === 0 ? null : assignees,
    ...createdBy(task.created_by_actor),
    created_at: cutTimestamp(task.created_at),
  });
}

/** A thread as a row of `threads`; where it hangs is told by its comments alone. */
export function threadRow(thread: Thread): MappedRow {
  const [first] = thread.comments;
  return fixedRow(thread.id.thread_id, {
    ...commentParent(first),
    created_at: cutTimestamp(thread.created_at),
  });
}

/** A comment as a row of `comments`. */
export function commentRow(comment: Comment): MappedRow {
  return fixedRow(comment.id.comment_id, {
    thread_id: comment.thread_id,
    content_plaintext: comment.content_plaintext,
    ...commentParent(comment),
    resolved_at: instantOrNull(comment.resolved_at),
    resolved_by_type: comment.resolved_by?.type ?? null,
    resolved_by_id: comment.resolved_by?.id ?? null,
    author_type: comment.author?.type ?? null,
    author_id: comment.author?.id ?? null,
    created_at: cutTimestamp(comment.created_at),
  });
}

/** A meeting as a row of `meetings`. */
export function meetingRow(meeting: Meeting): MappedRow {
  return fixedRow(meeting.id.meeting_id, {
    title: meeting.title,
    description: meeting.description,
    is_all_day: meeting.is_all_day,
    ...moment("start", meeting.start),
    ...moment("end", meeting.end),
    participants: meeting.participants,
    linked_records: meeting.linked_records,
    ...createdBy(meeting.created_by_actor),
    created_at: cutTimestamp(meeting.created_at),
  });
}

/** A call recording, read singly so that it has its transcript, as a row of `call_recordings`. */
export function callRecordingRow(recording: CallRecording): MappedRow {
  return fixedRow(recording.id.call_recording_id, {
    meeting_id: recording.id.meeting_id,
    status: recording.status,
    web_url: recording.web_url,
    transcript: recording.transcript?.segments ?? null,
    raw_transcript: recording.transcript?.raw_transcript ?? null,
    ...createdBy(recording.created_by_actor),
    created_at: cutTimestamp(recording.created_at),
  });
}

/** A file or folder as a row of `files`. */
export function fileRow(file: AttioFile): MappedRow {
  return fixedRow(file.id.file_id, {
    object_id: file.object_id,
    object_slug: file.object_slug,
    record_id: file.record_id,
    file_type: file.file_type,
    name: file.name,
    content_type: file.content_type,
    content_size: file.content_size,
    parent_folder_id: file.parent_folder_id,
    storage_provider: file.storage_provider,
    external_provider_file_id: file.external_provider_file_id,
    microsoft_drive_id: file.microsoft_drive_id,
    ...createdBy(file.created_by_actor),
    created_at: cutTimestamp(file.created_at),
  });
}

function fixedRow(id: string, columns: Record<string, unknown>): MappedRow {
  const tally: TextTally = { droppedCharacters: 0 };
  const clean = cleanJson(columns, tally) as Record<string, unknown>;
  return {
    id: id.toLowerCase(),
    hash: rowHash(JSON.stringify(clean)),
    columns: clean,
    droppedCharacters: tally.droppedCharacters,
  };
}

function createdBy(actor: Actor | null): Record<string, unknown> {
  return { created_by_actor_type: actor?.type ?? null, created_by_actor_id: actor?.id ?? null };
}

function commentParent(comment: Comment | undefined): Record<string, unknown> {
  return {
    record_id: comment?.record?.record_id ?? null,
    object_id: comment?.record?.object_id ?? null,
    entry_id: comment?.entry?.entry_id ?? null,
    list_id: comment?.entry?.list_id ?? null,
  };
}

function moment(side: "start" | "end", value: Moment): Record<string, unknown> {
  return {
    [`${side}_datetime`]: instantOrNull(value?.datetime ?? null),
    [`${side}_timezone`]: value?.timezone ?? null,
    [`${side}_date`]: value?.date ?? null,
  };
}

function instantOrNull(timestamp: string | null): string | null {
  return timestamp === null ? null : cutTimestamp(timestamp);
}
