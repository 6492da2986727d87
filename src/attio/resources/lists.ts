import { z } from "zod";
import { dataBody, pageBody, type Page } from "../body.ts";
import { create, get, patch, type Api, type RequestOptions } from "../requests.ts";
import { listSchema, type AttioList } from "../schemas/list.ts";
import { viewSchema, type View } from "../schemas/view.ts";
import type { Archived, CursorWindow } from "../window.ts";

export type ListAccess = "full-access" | "read-and-write" | "read-only";

/** What can be said of a list. The workspace, or at least one member, must have full access. */
export type ListFields = {
  readonly name: string;
  readonly api_slug: string;
  /** Null: private. */
  readonly workspace_access: ListAccess | null;
  readonly workspace_member_access: readonly {
    readonly workspace_member_id: string;
    readonly level: ListAccess;
  }[];
};

/** A list to make; its parent object, a slug or an id, can't be changed later. */
export type NewList = ListFields & { readonly parent_object: string };

const LISTS = "/v2/lists";
const LIST = `${LISTS}/{list}`;

export type ListsResource = ReturnType<typeof createLists>;

/** Lists that the token may see. */
export function createLists(api: Api) {
  /** All lists; Attio does not page them. */
  function list(options?: RequestOptions): Promise<AttioList[]> {
    return api.send(get(LISTS, { read: dataBody(z.array(listSchema)) }), options);
  }

  /** One list, by slug or id. Throws AttioNotFoundError, also for one hidden from the token. */
  function getList(listId: string, options?: RequestOptions): Promise<AttioList> {
    return api.send(get(LIST, { params: { list: listId }, read: dataBody(listSchema) }), options);
  }

  /** Makes a list. Throws AttioConflictError `slug_conflict`, AttioAuthError `billing_error`. */
  function createList(fields: NewList, options?: RequestOptions): Promise<AttioList> {
    return api.send(create(LISTS, { data: fields, read: dataBody(listSchema) }), options);
  }

  /** Changes what is named; a list's parent object stays. */
  function update(listId: string, fields: Partial<ListFields>, options?: RequestOptions): Promise<AttioList> {
    const params = { list: listId };
    return api.send(patch(LIST, { params, data: fields, read: dataBody(listSchema) }), options);
  }

  /** A page of a list's saved views, at most 1000; Attio's default is 500. */
  function views(
    listId: string,
    { showArchived, limit, cursor }: Archived & CursorWindow = {},
    options?: RequestOptions,
  ): Promise<Page<View>> {
    const query = { show_archived: showArchived, limit, cursor };
    const params = { list: listId };
    return api.send(get(`${LIST}/views`, { params, query, read: pageBody(viewSchema) }), options);
  }

  return { list, get: getList, create: createList, update, views };
}
