export { createAttioClient, type AttioClient, type AttioClientOptions } from "./client.ts";
export { createLocalBudget, type Budget, type LocalBudgetOptions, type RequestKind } from "./budget.ts";
export type { Page } from "./body.ts";
export {
  AttioApiError,
  AttioAuthError,
  AttioConflictError,
  AttioError,
  AttioMergeInProgressError,
  AttioNetworkError,
  AttioNotFoundError,
  AttioRateLimitError,
  AttioSchemaError,
  AttioServerError,
  AttioTimeoutError,
  AttioValidationError,
  type SchemaFault,
  type Sent,
} from "./errors.ts";
export type {
  AttemptInfo,
  AttemptOutcome,
  AttemptResult,
  ClientHooks,
  LogEntry,
  RetryInfo,
} from "./hooks.ts";
export type { Filter, Query, QueryOptions, Sort, StreamQuery } from "./query.ts";
export type { Archived, AttributeTarget } from "./resources/attributes.ts";
export type { FileFilter } from "./resources/files.ts";
export type { MeetingFilter } from "./resources/meetings.ts";
export type { NoteFilter } from "./resources/notes.ts";
export type { TaskFilter } from "./resources/tasks.ts";
export type { ThreadPlace } from "./resources/threads.ts";
export type { RetryPolicy } from "./retry.ts";
export type { Attribute, SelectOption, Status } from "./schemas/attribute.ts";
export type { Comment, Thread } from "./schemas/comment.ts";
export type { Actor } from "./schemas/common.ts";
export type { AttioFile } from "./schemas/file.ts";
export type { AttioList, RecordEntry } from "./schemas/list.ts";
export type { CallRecording, Meeting } from "./schemas/meeting.ts";
export type { WorkspaceMember } from "./schemas/member.ts";
export type { Note } from "./schemas/note.ts";
export type { AttioObject } from "./schemas/object.ts";
export type { AttioEntry, AttioRecord, AttributeValue } from "./schemas/record.ts";
export { hasScope, type ActiveSelf, type Self } from "./schemas/self.ts";
export type { Task } from "./schemas/task.ts";
export type { RequestOptions } from "./transport.ts";
export type { Priority } from "./waiters.ts";
export type { CursorWindow, OffsetWindow } from "./window.ts";
