import { dataBody } from "../body.ts";
import { create, get, remove, type Api, type RequestOptions } from "../requests.ts";
import { commentSchema, type Comment } from "../schemas/comment.ts";

/** Where a comment goes: into a thread, or to a record or an entry as a new thread. */
export type CommentPlace =
  | { readonly thread_id: string }
  | { readonly record: { readonly object: string; readonly record_id: string } }
  | { readonly entry: { readonly list: string; readonly entry_id: string } };

/** A comment to write (docs: "Create a comment"). A token can't be its author, only a member. */
export type NewComment = CommentPlace & {
  readonly content: string;
  readonly author: { readonly type: "workspace-member"; readonly id: string };
  readonly created_at?: string;
};

const COMMENTS = "/v2/comments";
const COMMENT = `${COMMENTS}/{comment_id}`;

export type CommentsResource = ReturnType<typeof createComments>;

/** Comments; to list them, list threads. */
export function createComments(api: Api) {
  /** One comment. Throws AttioNotFoundError. */
  function getComment(commentId: string, options?: RequestOptions): Promise<Comment> {
    const params = { comment_id: commentId };
    return api.send(get(COMMENT, { params, read: dataBody(commentSchema) }), options);
  }

  /** Writes a comment, as its author. Repeated only if it was surely not done. */
  function createComment(comment: NewComment, options?: RequestOptions): Promise<Comment> {
    const data = { ...comment, format: "plaintext" };
    return api.send(create(COMMENTS, { data, read: dataBody(commentSchema) }), options);
  }

  /** Deletes a comment; the first of a thread takes the others with it. Throws AttioNotFoundError if it is not there. */
  function deleteComment(commentId: string, options?: RequestOptions): Promise<void> {
    return remove(api, { route: COMMENT, params: { comment_id: commentId } }, options);
  }

  return { get: getComment, create: createComment, delete: deleteComment };
}
