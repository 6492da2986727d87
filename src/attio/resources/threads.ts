import { dataBody, pageBody, type Page } from "../body.ts";
import { collect, walkOffsets } from "../pagination.ts";
import { get, type Api, type RequestOptions } from "../requests.ts";
import { threadSchema, type Thread } from "../schemas/comment.ts";
import type { OffsetWindow } from "../window.ts";

/** Where threads hang; Attio lists them only for one record or one entry (docs: "List threads"). */
export type ThreadPlace =
  | { readonly recordId: string; readonly object: string }
  | { readonly entryId: string; readonly list: string };

/** Attio's maximum. */
const PAGE_SIZE = 50;

export type ThreadsResource = ReturnType<typeof createThreads>;

/** Threads of comments. */
export function createThreads(api: Api) {
  /** One page, at most 50; Attio's default is 10. */
  function page(
    place: ThreadPlace,
    { limit, offset }: OffsetWindow = {},
    options?: RequestOptions,
  ): Promise<Page<Thread>> {
    const at =
      "recordId" in place
        ? { record_id: place.recordId, object: place.object }
        : { entry_id: place.entryId, list: place.list };
    const query = { ...at, limit, offset };
    return api.send(get("/v2/threads", { query, read: pageBody(threadSchema) }), options);
  }

  /** One thread with all its comments. Throws AttioNotFoundError. */
  function getThread(threadId: string, options?: RequestOptions): Promise<Thread> {
    const params = { thread_id: threadId };
    return api.send(get("/v2/threads/{thread_id}", { params, read: dataBody(threadSchema) }), options);
  }

  /** All threads of a record or entry, fetched as they are consumed. */
  function stream(place: ThreadPlace, options?: RequestOptions): AsyncGenerator<Thread, void, undefined> {
    return walkOffsets(async (window) => (await page(place, window, options)).items, {
      pageSize: PAGE_SIZE,
      key: (thread) => thread.id.thread_id,
    });
  }

  /** All threads of a record or entry at once. */
  function list(place: ThreadPlace, options?: RequestOptions): Promise<Thread[]> {
    return collect(stream(place, options));
  }

  return { page, get: getThread, stream, list };
}
