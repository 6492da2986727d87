import type { Json } from "../support/json.ts";
import type { Time } from "../support/time.ts";
import type { Actor, Item, ObjectDef } from "./model.ts";

/** A workspace member. */
export interface Member {
  readonly id: string;
  readonly createdAt: Time;
  firstName: string;
  lastName: string;
  avatarUrl: string | null;
  emailAddress: string;
  accessLevel: "admin" | "member" | "suspended";
}

/** What a note mentions. */
export type NoteTag =
  | { readonly type: "workspace-member"; readonly workspaceMemberId: string }
  | { readonly type: "record"; readonly recordId: string };

/** A note on a record. */
export interface Note {
  readonly id: string;
  readonly createdAt: Time;
  readonly createdBy: Actor;
  readonly meetingId: string | null;
  record: Item;
  title: string;
  plaintext: string;
  markdown: string;
  tags: readonly NoteTag[];
}

/** A task. */
export interface Task {
  readonly id: string;
  readonly createdAt: Time;
  readonly createdBy: Actor;
  readonly content: string;
  deadlineAt: Time | null;
  completedAt: Time | null;
  linkedRecords: readonly Item[];
  /** Workspace member ids. */
  assignees: readonly string[];
}

/** A comment; the first of a thread is its head. */
export interface Comment {
  readonly id: string;
  readonly threadId: string;
  readonly createdAt: Time;
  readonly author: Actor;
  readonly content: string;
  resolvedAt: Time | null;
  resolvedBy: Actor | null;
}

/** Comments on a record or an entry. */
export interface Thread {
  readonly id: string;
  readonly createdAt: Time;
  /** A record or an entry. */
  subject: Item;
  readonly comments: Comment[];
}

/** Start or end of a meeting. */
export type MeetingTime =
  { readonly datetime: Time; readonly timezone: string | null } | { readonly date: string };

/** Someone at a meeting. */
export interface Participant {
  readonly status: "accepted" | "tentative" | "declined" | "pending";
  readonly isOrganizer: boolean;
  readonly emailAddress: string | null;
  readonly name: string | null;
}

/** A meeting. */
export interface Meeting {
  readonly id: string;
  readonly createdAt: Time;
  readonly createdBy: Actor;
  title: string;
  description: string;
  isAllDay: boolean;
  start: MeetingTime;
  end: MeetingTime;
  participants: readonly Participant[];
  linkedRecords: readonly Item[];
}

/** One utterance in a recording. */
export interface Segment {
  readonly speech: string;
  readonly startTime: number;
  readonly endTime: number;
  readonly speaker: string;
}

/** A call recording. */
export interface Recording {
  readonly id: string;
  readonly meetingId: string;
  readonly createdAt: Time;
  readonly createdBy: Actor;
  status: "processing" | "completed" | "failed";
  transcript: readonly Segment[] | null;
}

/** A file or folder on a record. */
export interface StoredFile {
  readonly id: string;
  readonly createdAt: Time;
  readonly createdBy: Actor;
  readonly fileType: "file" | "folder" | "connected-file" | "connected-folder";
  readonly storageProvider: "attio" | "dropbox" | "box" | "google-drive" | "microsoft-onedrive";
  readonly name: string | null;
  readonly contentType: string | null;
  readonly content: Buffer | null;
  readonly externalProviderFileId: string | null;
  readonly microsoftDriveId: string | null;
  readonly parentFolderId: string | null;
  record: Item;
}

/** An event as Attio puts it into a webhook's `events`. */
export interface SandboxEvent {
  readonly event_type: string;
  readonly id: Readonly<Record<string, string>>;
  readonly actor: Actor;
  readonly [field: string]: Json | Actor;
}

/** What an item reference accepts in process: the item, or object and id. */
export type RecordRef = Item | { readonly object: string | ObjectDef; readonly recordId: string };
