export { createAttioClient, type AttioClient, type AttioClientOptions } from "./client.ts";
export { createLocalBudget, type Budget, type LocalBudgetOptions, type RequestKind } from "./budget.ts";
export type { Page } from "./body.ts";
export { ATTIO_ERROR_CODES, type AttioErrorCode } from "./error-codes.ts";
export {
  AttioApiError,
  AttioAuthError,
  AttioConcurrentWriteError,
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
export type { FileDownload } from "./download.ts";
export type { UploadContent, UploadFile } from "./multipart.ts";
export type { ActivityFields, NewActivity } from "./resources/activities.ts";
export type {
  AttributeFields,
  AttributeOwner,
  AttributePlace,
  AttributeTarget,
  NewAttribute,
  OptionFields,
  StatusFields,
} from "./resources/attribute-writes.ts";
export type { NewCallRecording } from "./resources/call-recordings.ts";
export type { CommentPlace, NewComment } from "./resources/comments.ts";
export type { EmailFilter } from "./resources/emails.ts";
export type { NewEntry } from "./resources/entry-writes.ts";
export type { FileFilter, FileUpload, NewFile } from "./resources/files.ts";
export type { ListAccess, ListFields, NewList } from "./resources/lists.ts";
export type { MeetingFilter, MeetingMoment, NewMeeting } from "./resources/meetings.ts";
export type { NewNote, NoteFields, NoteFilter } from "./resources/notes.ts";
export type { ObjectFields } from "./resources/objects.ts";
export type { MergeResult, Search, SearchAs, UpdateOptions } from "./resources/record-writes.ts";
export type { ScimQuery } from "./resources/scim.ts";
export type { NewTask, TaskFields, TaskFilter } from "./resources/tasks.ts";
export type { ThreadPlace } from "./resources/threads.ts";
export type { WebhookFields } from "./resources/webhooks.ts";
export { retryDelayMs, type RetryPolicy } from "./retry.ts";
export type { Activity } from "./schemas/activity.ts";
export type { Attribute, SelectOption, Status } from "./schemas/attribute.ts";
export type { Comment, Thread } from "./schemas/comment.ts";
export type { Actor } from "./schemas/common.ts";
export type { Email } from "./schemas/email.ts";
export type { AttioFile } from "./schemas/file.ts";
export type { AttioList, RecordEntry } from "./schemas/list.ts";
export type { CallRecording, Meeting } from "./schemas/meeting.ts";
export type { WorkspaceMember } from "./schemas/member.ts";
export type { Note } from "./schemas/note.ts";
export type { AttioObject } from "./schemas/object.ts";
export type { AttioEntry, AttioRecord, AttributeValue } from "./schemas/record.ts";
export type { ScimList, ScimResource } from "./schemas/scim.ts";
export type { SearchResult } from "./schemas/search.ts";
export type { UnsubscribedEmail } from "./schemas/sequence.ts";
export type { HistoricValue, WriteValues } from "./schemas/values.ts";
export type { View } from "./schemas/view.ts";
export {
  WEBHOOK_EVENT_TYPES,
  type CreatedWebhook,
  type Webhook,
  type WebhookCondition,
  type WebhookEventType,
  type WebhookFilter,
  type WebhookSubscription,
} from "./schemas/webhook.ts";
export { hasScope, type ActiveSelf, type Self } from "./schemas/self.ts";
export type { Task } from "./schemas/task.ts";
export type { RequestOptions } from "./requests.ts";
export { Waiters, type Priority } from "./waiters.ts";
export type { Archived, CursorWindow, OffsetWindow } from "./window.ts";
