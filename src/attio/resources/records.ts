import { z } from "zod";
import { dataBody, itemBody, pageBody, streamedPageBody, type Page } from "../body.ts";
import { collect, walkOffsets } from "../pagination.ts";
import { CREATION_ORDER, queryBody, type Query, type QueryOptions, type StreamQuery } from "../query.ts";
import { ask, get, type Api, type RequestOptions } from "../requests.ts";
import { recordEntrySchema, type RecordEntry } from "../schemas/list.ts";
import {
  checkAttributeValue,
  checkRecord,
  type AttioRecord,
  type AttributeValue,
} from "../schemas/record.ts";
import { createRecordWrites } from "./record-writes.ts";
import type { OffsetWindow } from "../window.ts";

const QUERY = "/v2/objects/{object}/records/query";
const RECORD = "/v2/objects/{object}/records/{record_id}";

export type RecordsResource = ReturnType<typeof createRecords>;

/** Records of any object; `object` is a slug or an id. */
export function createRecords(api: Api) {
  /**
   * One page. `map` must be pure: it sees a record again when a page that broke off is fetched again.
   */
  function query<T = AttioRecord>(
    object: string,
    page: Query = {},
    { map, ...options }: QueryOptions<AttioRecord, T> = {},
  ): Promise<Page<T>> {
    // Without `map` T is AttioRecord, by its default.
    const convert = map ?? ((record: AttioRecord) => record as T);
    const read = streamedPageBody((item) => convert(checkRecord(item)));
    return api.send(ask(QUERY, { params: { object }, body: queryBody(page), scored: true, read }), options);
  }

  /** One record. Throws AttioNotFoundError; AttioMergeInProgressError while a merge that makes it is under way. */
  function getRecord(object: string, recordId: string, options?: RequestOptions): Promise<AttioRecord> {
    const params = { object, record_id: recordId };
    return api.send(get(RECORD, { params, read: itemBody(checkRecord) }), options);
  }

  /** Values of one attribute, past ones too if asked for (oldest first; not for interactions or enriched attributes). */
  function values(
    object: string,
    recordId: string,
    attribute: string,
    { showHistoric, limit, offset }: OffsetWindow & { readonly showHistoric?: boolean | undefined } = {},
    options?: RequestOptions,
  ): Promise<AttributeValue[]> {
    const params = { object, record_id: recordId, attribute };
    const query = { show_historic: showHistoric, limit, offset };
    const read = dataBody(z.array(z.unknown()).transform((items) => items.map(checkAttributeValue)));
    return api.send(get(`${RECORD}/attributes/{attribute}/values`, { params, query, read }), options);
  }

  /** A page of the entries of one record in all lists (at most 1000; Attio's default is 100). */
  async function entries(
    object: string,
    recordId: string,
    window: OffsetWindow = {},
    options?: RequestOptions,
  ): Promise<RecordEntry[]> {
    const params = { object, record_id: recordId };
    const read = pageBody(recordEntrySchema);
    const page = await api.send(get(`${RECORD}/entries`, { params, query: { ...window }, read }), options);
    return page.items;
  }

  /** All records, page after page, fetched as they are consumed; in creation order unless `sorts` says otherwise. */
  function stream(
    object: string,
    { pageSize = 500, ...rest }: StreamQuery = {},
    options?: RequestOptions,
  ): AsyncGenerator<AttioRecord, void, undefined> {
    return walkOffsets(
      async (window) =>
        (await query(object, { ...rest, sorts: rest.sorts ?? CREATION_ORDER, ...window }, options)).items,
      { pageSize, key: (record) => record.id.record_id },
    );
  }

  /** All records at once. */
  function list(object: string, all: StreamQuery = {}, options?: RequestOptions): Promise<AttioRecord[]> {
    return collect(stream(object, all, options));
  }

  return { query, get: getRecord, values, entries, stream, list, ...createRecordWrites(api) };
}
