import { badRequest, notFound } from "../support/errors.ts";
import { toTime, type TimeInput } from "../support/time.ts";
import { emitComment } from "./events.ts";
import type { Actor, Item } from "./model.ts";
import type { Comment, Thread } from "./resources.ts";
import { stamp, type State, type WriteOptions } from "./state.ts";

/** A new comment: on a record or entry (a new thread), or in a thread. */
export interface CommentInput {
  content: string;
  on: Item | Thread;
  /** The default is the write's actor. */
  author?: Actor;
  createdAt?: TimeInput;
}

/** A comment with its thread. */
export interface FoundComment {
  readonly comment: Comment;
  readonly thread: Thread;
}

/** Writes a comment. */
export function createComment(state: State, input: CommentInput, options: WriteOptions = {}): FoundComment {
  const { at, by } = stamp(state, options);
  const createdAt = input.createdAt === undefined ? at : toTime(input.createdAt);
  const thread = "comments" in input.on ? input.on : openThread(state, input.on, createdAt);
  const comment: Comment = {
    id: state.random.uuid(),
    threadId: thread.id,
    createdAt,
    author: input.author ?? by,
    content: input.content,
    resolvedAt: null,
    resolvedBy: null,
  };
  thread.comments.push(comment);
  emitComment(state, "created", comment, thread, by);
  return { comment, thread };
}

/** Resolves a thread by its head, as the user interface does, or opens it again. Throws 404 `not_found`. */
export function resolveComment(
  state: State,
  commentId: string,
  isResolved = true,
  options: WriteOptions = {},
): Comment {
  const { comment, thread } = findComment(state, commentId);
  const { at, by } = stamp(state, options);
  comment.resolvedAt = isResolved ? at : null;
  comment.resolvedBy = isResolved ? by : null;
  emitComment(state, isResolved ? "resolved" : "unresolved", comment, thread, by);
  return comment;
}

/** Deletes a comment; with the head of a thread all its comments go. Throws 404 `not_found`. */
export function deleteComment(state: State, commentId: string, options: WriteOptions = {}): void {
  const { comment, thread } = findComment(state, commentId);
  const { by } = stamp(state, options);
  const isHead = thread.comments[0] === comment;
  const gone = isHead ? [...thread.comments] : [comment];
  thread.comments.splice(isHead ? 0 : thread.comments.indexOf(comment), gone.length);
  if (isHead) state.threads.delete(thread.id);
  for (const one of gone) emitComment(state, "deleted", one, thread, by);
}

/** The comment and its thread. Throws 404 `not_found`. */
export function findComment(state: State, commentId: string): FoundComment {
  for (const thread of state.threads.values()) {
    const comment = thread.comments.find((one) => one.id === commentId);
    if (comment !== undefined) return { comment, thread };
  }
  throw notFound(`Comment with ID "${commentId}" was not found.`);
}

/** The thread. Throws 404 `not_found`, or 400 `value_not_found` where a comment refers to it. */
export function findThread(state: State, threadId: string, from: "path" | "body" = "path"): Thread {
  const thread = state.threads.get(threadId);
  if (thread !== undefined) return thread;
  if (from === "path") throw notFound(`Thread with ID "${threadId}" was not found.`);
  throw badRequest(
    "value_not_found",
    "The referenced Thread could not be found, it might have been deleted.",
  );
}

function openThread(state: State, subject: Item, createdAt: string): Thread {
  const thread: Thread = { id: state.random.uuid(), createdAt, subject, comments: [] };
  state.threads.set(thread.id, thread);
  return thread;
}
