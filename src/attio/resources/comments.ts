import { dataBody } from "../body.ts";
import { get, type Api } from "../requests.ts";
import { commentSchema, type Comment } from "../schemas/comment.ts";
import type { RequestOptions } from "../transport.ts";

export type CommentsResource = ReturnType<typeof createComments>;

/** Comments; to list them, list threads. */
export function createComments(api: Api) {
  /** One comment. Throws AttioNotFoundError. */
  function getComment(commentId: string, options?: RequestOptions): Promise<Comment> {
    const params = { comment_id: commentId };
    return api.send(get("/v2/comments/{comment_id}", { params, read: dataBody(commentSchema) }), options);
  }

  return { get: getComment };
}
