import { z } from "zod";
import { dataBody, itemBody, streamedPageBody, type Page } from "../body.ts";
import { collect, walkOffsets } from "../pagination.ts";
import { CREATION_ORDER, queryBody, type Query, type QueryOptions, type StreamQuery } from "../query.ts";
import { ask, get, type Api, type RequestOptions } from "../requests.ts";
import { checkAttributeValue, checkEntry, type AttioEntry, type AttributeValue } from "../schemas/record.ts";
import { createEntryWrites } from "./entry-writes.ts";
import type { OffsetWindow } from "../window.ts";

const QUERY = "/v2/lists/{list}/entries/query";
const ENTRY = "/v2/lists/{list}/entries/{entry_id}";

export type EntriesResource = ReturnType<typeof createEntries>;

/** Entries of any list; `list` is a slug or an id. */
export function createEntries(api: Api) {
  /** One page; see the records' query. */
  function query<T = AttioEntry>(
    list: string,
    page: Query = {},
    { map, ...options }: QueryOptions<AttioEntry, T> = {},
  ): Promise<Page<T>> {
    // Without `map` T is AttioEntry, by its default.
    const convert = map ?? ((entry: AttioEntry) => entry as T);
    const read = streamedPageBody((item) => convert(checkEntry(item)));
    return api.send(ask(QUERY, { params: { list }, body: queryBody(page), scored: true, read }), options);
  }

  /** One entry. Throws AttioNotFoundError. */
  function getEntry(list: string, entryId: string, options?: RequestOptions): Promise<AttioEntry> {
    const params = { list, entry_id: entryId };
    return api.send(get(ENTRY, { params, read: itemBody(checkEntry) }), options);
  }

  /** Values of one attribute, past ones too if asked for (oldest first). */
  function values(
    list: string,
    entryId: string,
    attribute: string,
    { showHistoric, limit, offset }: OffsetWindow & { readonly showHistoric?: boolean | undefined } = {},
    options?: RequestOptions,
  ): Promise<AttributeValue[]> {
    const params = { list, entry_id: entryId, attribute };
    const query = { show_historic: showHistoric, limit, offset };
    const read = dataBody(z.array(z.unknown()).transform((items) => items.map(checkAttributeValue)));
    return api.send(get(`${ENTRY}/attributes/{attribute}/values`, { params, query, read }), options);
  }

  /** All entries, page after page, fetched as they are consumed; in creation order unless `sorts` says otherwise. */
  function stream(
    list: string,
    { pageSize = 500, ...rest }: StreamQuery = {},
    options?: RequestOptions,
  ): AsyncGenerator<AttioEntry, void, undefined> {
    return walkOffsets(
      async (window) =>
        (await query(list, { ...rest, sorts: rest.sorts ?? CREATION_ORDER, ...window }, options)).items,
      { pageSize, key: (entry) => entry.id.entry_id },
    );
  }

  /** All entries at once. */
  function listAll(list: string, all: StreamQuery = {}, options?: RequestOptions): Promise<AttioEntry[]> {
    return collect(stream(list, all, options));
  }

  return { query, get: getEntry, values, stream, list: listAll, ...createEntryWrites(api) };
}
