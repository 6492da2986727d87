import type { Actor, Attribute, Item, ListDef } from "./model.ts";
import type { Comment, Note, Recording, Thread } from "./resources.ts";
import { emit, type State } from "./state.ts";

/** Emits an event of a record or entry; `attribute` for updates (docs page "Webhook reference"). */
export function emitItem(
  state: State,
  action: "created" | "updated" | "deleted",
  item: Item,
  actor: Actor,
  attribute?: Attribute,
): void {
  // Seeding emits millions.
  if (state.listeners.size === 0) return;
  const changed = attribute === undefined ? {} : { attribute_id: attribute.id };
  if (item.container.kind === "object") {
    emit(state, {
      event_type: `record.${action}`,
      id: { ...scope(state), object_id: item.container.id, record_id: item.id, ...changed },
      actor,
    });
    return;
  }
  emit(state, {
    event_type: `list-entry.${action}`,
    id: { ...scope(state), list_id: item.container.id, entry_id: item.id, ...changed },
    ...parentOf(item.parent),
    actor,
  });
}

/** Emits the two events of a merge, one for each original. */
export function emitMerged(state: State, merged: Item, originals: readonly Item[], actor: Actor): void {
  for (const original of originals) {
    emit(state, {
      event_type: "record.merged",
      id: { ...scope(state), object_id: merged.container.id, record_id: merged.id },
      duplicate_object_id: original.container.id,
      duplicate_record_id: original.id,
      actor,
    });
  }
}

/** Emits `object-attribute.*` or `list-attribute.*`. */
export function emitAttribute(
  state: State,
  action: "created" | "updated",
  attribute: Attribute,
  actor: Actor,
): void {
  const { kind, id } = attribute.container;
  const key = kind === "object" ? "object_id" : "list_id";
  emit(state, {
    event_type: `${kind}-attribute.${action}`,
    id: { ...scope(state), [key]: id, attribute_id: attribute.id },
    actor,
  });
}

/** Emits `list.*`. */
export function emitList(
  state: State,
  action: "created" | "updated" | "deleted",
  list: ListDef,
  actor: Actor,
): void {
  emit(state, { event_type: `list.${action}`, id: { ...scope(state), list_id: list.id }, actor });
}

/** Emits `note.*` or `note-content.updated`. */
export function emitNote(
  state: State,
  type: "note.created" | "note.updated" | "note-content.updated" | "note.deleted",
  note: Note,
  actor: Actor,
): void {
  emit(state, {
    event_type: type,
    id: { ...scope(state), note_id: note.id },
    ...parentOf(note.record),
    actor,
  });
}

/** Emits `task.*`. */
export function emitTask(
  state: State,
  action: "created" | "updated" | "deleted",
  taskId: string,
  actor: Actor,
): void {
  emit(state, { event_type: `task.${action}`, id: { ...scope(state), task_id: taskId }, actor });
}

/** Emits `comment.*`; on an entry's comment both record and entry are named. */
export function emitComment(
  state: State,
  action: "created" | "resolved" | "unresolved" | "deleted",
  comment: Comment,
  thread: Thread,
  actor: Actor,
): void {
  const { subject } = thread;
  const record = subject.parent ?? subject;
  const entry = subject.container.kind === "list" ? subject : undefined;
  emit(state, {
    event_type: `comment.${action}`,
    id: { ...scope(state), comment_id: comment.id },
    thread_id: thread.id,
    object_id: record.container.id,
    record_id: record.id,
    list_id: entry?.container.id ?? null,
    entry_id: entry?.id ?? null,
    actor,
  });
}

/** Emits `call-recording.created`. */
export function emitRecording(state: State, recording: Recording, actor: Actor): void {
  const id = { ...scope(state), meeting_id: recording.meetingId, call_recording_id: recording.id };
  emit(state, { event_type: "call-recording.created", id, actor });
}

/** Emits `workspace-member.created`. */
export function emitMember(state: State, memberId: string, actor: Actor): void {
  const id = { ...scope(state), workspace_member_id: memberId };
  emit(state, { event_type: "workspace-member.created", id, actor });
}

function scope(state: State): { workspace_id: string } {
  return { workspace_id: state.workspace.id };
}

function parentOf(record: Item | undefined): { parent_object_id: string; parent_record_id: string } {
  return { parent_object_id: record?.container.id ?? "", parent_record_id: record?.id ?? "" };
}
