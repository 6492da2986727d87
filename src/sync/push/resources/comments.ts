import type { AttioClient, CommentPlace, RequestOptions } from "../../../attio/index.ts";
import type { Cells } from "../../../db/control/index.ts";
import { commentRow } from "../../mapping/resources.ts";
import { textOf, type Resource } from "./resource.ts";

/** Comments: a member's, at a record, an entry or in a thread; they can't be changed (docs: "Create a comment"). */
export const COMMENTS: Resource = {
  attributes: [],
  place: ["record_id", "entry_id"],
  forms: [],

  isAsSent: () => false,

  isMadeOf: (columns, local) =>
    columns.author_id === textOf(local.author_id).toLowerCase() &&
    isTextAsSent(local.content_plaintext, columns.content_plaintext),

  async madeSince(client, local, _sinceMs, options) {
    const place = placeOf(local);
    if ("thread_id" in place) {
      const thread = await client.threads.get(place.thread_id, options);
      return thread.comments.map(commentRow);
    }
    // A comment that names no thread begins one.
    const threads = await client.threads.list(threadPlaceOf(place), options);
    return threads.flatMap(({ comments }) => comments.slice(0, 1)).map(commentRow);
  },

  async create(client, { local }, options) {
    const comment = {
      ...placeOf(local),
      content: textOf(local.content_plaintext),
      author: { type: "workspace-member" as const, id: textOf(local.author_id) },
    };
    return commentRow(await client.comments.create(comment, options));
  },

  update: () => Promise.reject(new Error("a comment cannot be changed")),

  /** Attio deletes a thread along with its first comment, so it is asked first which one it is. */
  async delete(client: AttioClient, id: string, options: RequestOptions) {
    const { thread_id: thread } = await client.comments.get(id, options);
    await client.comments.delete(id, options);
    return { threads: [thread] };
  },

  doorbells: ({ columns }) => [
    { stream: "threads", id: String(columns.thread_id), reason: "a comment was made" },
  ],
};

/** A thread says most, then an entry, which is at a record too. */
function placeOf(local: Cells): CommentPlace {
  if (local.thread_id != null) return { thread_id: textOf(local.thread_id) };
  if (local.entry_id != null)
    return { entry: { list: textOf(local.list_id), entry_id: textOf(local.entry_id) } };
  return { record: { object: textOf(local.object_id), record_id: textOf(local.record_id) } };
}

function threadPlaceOf(place: Exclude<CommentPlace, { thread_id: string }>) {
  return "entry" in place
    ? { list: place.entry.list, entryId: place.entry.entry_id }
    : { object: place.record.object, recordId: place.record.record_id };
}

const EMAIL = /[^\s@]+@[^\s@]+/g;

/** Attio makes mentions of members' addresses and writes them its own way; what is between them stays. */
function isTextAsSent(sent: unknown, there: unknown): boolean {
  const squeeze = (text: string) => text.replace(/\s+/g, "");
  const read = squeeze(textOf(there));
  let at = 0;
  const parts = textOf(sent).split(EMAIL).map(squeeze);
  for (const part of parts) {
    const found = read.indexOf(part, at);
    if (found < 0 || (parts.length === 1 && read !== part)) return false;
    at = found + part.length;
  }
  return true;
}
