import { z } from "zod";
import { dataBody } from "../body.ts";
import { get, type Api } from "../requests.ts";
import { listSchema, type AttioList } from "../schemas/list.ts";
import type { RequestOptions } from "../transport.ts";

export type ListsResource = ReturnType<typeof createLists>;

/** Lists that the token may see. */
export function createLists(api: Api) {
  /** All lists; Attio does not page them. */
  function list(options?: RequestOptions): Promise<AttioList[]> {
    return api.send(get("/v2/lists", { read: dataBody(z.array(listSchema)) }), options);
  }

  /** One list, by slug or id. Throws AttioNotFoundError, also for one hidden from the token. */
  function getList(listId: string, options?: RequestOptions): Promise<AttioList> {
    return api.send(
      get("/v2/lists/{list}", { params: { list: listId }, read: dataBody(listSchema) }),
      options,
    );
  }

  return { list, get: getList };
}
