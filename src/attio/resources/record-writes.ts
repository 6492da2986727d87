import { z } from "zod";
import { dataBody, itemBody, type BodySink } from "../body.ts";
import { ask, create, patch, put, remove, type Api, type RequestOptions } from "../requests.ts";
import { checkRecord, type AttioRecord } from "../schemas/record.ts";
import { searchResultSchema, type SearchResult } from "../schemas/search.ts";
import { replacesOnly, type HistoricValue, type WriteValues } from "../schemas/values.ts";

/** In whose name a search is done: it finds what that one may see. */
export type SearchAs =
  | { readonly type: "workspace" }
  | { readonly type: "workspace-member"; readonly workspace_member_id: string }
  | { readonly type: "workspace-member"; readonly email_address: string };

/** A search by text. */
export interface Search {
  /** At most 256 characters. */
  readonly query: string;
  /** Slugs or ids. */
  readonly objects: readonly string[];
  /** At most 25, the default. */
  readonly limit?: number | undefined;
  /** Default: the workspace. */
  readonly requestAs?: SearchAs | undefined;
}

/** Options of an update by PATCH. */
export interface UpdateOptions extends RequestOptions {
  /** Whether sending it twice does no harm; default: when no attribute gets a list, to which Attio would add. */
  readonly idempotent?: boolean | undefined;
}

/** What became of a merge. */
export interface MergeResult {
  readonly newRecordId: string;
  /** False while Attio is still at it: reads of the new record answer `merge_in_progress`. */
  readonly isReadable: boolean;
}

const RECORDS = "/v2/objects/{object}/records";
const RECORD = `${RECORDS}/{record_id}`;
/** Docs: "Merge two records". */
const MERGES_PER_SECOND = 5;

/** What changes records, and the search. */
export function createRecordWrites(api: Api) {
  /**
   * Makes a record. Throws AttioConflictError `uniqueness_conflict`. Repeated only if it was surely not done: a lost answer
   * (network error or timeout with `sent` "maybe", or a 5xx) is the caller's to look into.
   */
  function createRecord(object: string, values: WriteValues, options?: RequestOptions): Promise<AttioRecord> {
    const read = itemBody(checkRecord);
    return api.send(create(RECORDS, { params: { object }, data: { values }, read }), options);
  }

  /**
   * Makes a record, or updates the one that has the same value of `matchingAttribute`, a unique attribute that `values` must name. Lists
   * replace what is there, but for the matching attribute's own, which is added to. Attio does not tell which of both it did.
   */
  function assert(
    object: string,
    { matchingAttribute, values }: { readonly matchingAttribute: string; readonly values: WriteValues },
    options?: RequestOptions,
  ): Promise<AttioRecord> {
    const query = { matching_attribute: matchingAttribute };
    const read = itemBody(checkRecord);
    return api.send(put(RECORDS, { params: { object }, query, data: { values }, read }), options);
  }

  /** PATCH: lists are added, in front of what is there. */
  function update(
    object: string,
    { recordId, values }: { readonly recordId: string; readonly values: WriteValues },
    { idempotent = replacesOnly(values), ...options }: UpdateOptions = {},
  ): Promise<AttioRecord> {
    const params = { object, record_id: recordId };
    const read = itemBody(checkRecord);
    return api.send(patch(RECORD, { params, data: { values }, idempotent, read }), options);
  }

  /** PUT: lists replace what is there; `[]` clears. */
  function overwrite(
    object: string,
    { recordId, values }: { readonly recordId: string; readonly values: WriteValues },
    options?: RequestOptions,
  ): Promise<AttioRecord> {
    const params = { object, record_id: recordId };
    return api.send(put(RECORD, { params, data: { values }, read: itemBody(checkRecord) }), options);
  }

  /** Throws AttioNotFoundError if it is not there. */
  function deleteRecord(object: string, recordId: string, options?: RequestOptions): Promise<void> {
    return remove(api, { route: RECORD, params: { object, record_id: recordId } }, options);
  }

  /** Merges two records into a third, new one; the primary's values go first. Both old ids are gone afterwards. */
  function merge(
    object: string,
    {
      primaryRecordId,
      secondaryRecordId,
    }: { readonly primaryRecordId: string; readonly secondaryRecordId: string },
    options?: RequestOptions,
  ): Promise<MergeResult> {
    const data = { primary_record_id: primaryRecordId, secondary_record_id: secondaryRecordId };
    return api.send(
      create(`${RECORDS}/merge`, {
        params: { object },
        data,
        limitPerSecond: MERGES_PER_SECOND,
        read: mergeBody,
      }),
      options,
    );
  }

  /** Replaces the whole history of one attribute: 1 to 400 values. Attio sends no webhooks for this. */
  function writeHistory(
    object: string,
    history: {
      readonly recordId: string;
      readonly attribute: string;
      readonly values: readonly HistoricValue[];
    },
    options?: RequestOptions,
  ): Promise<void> {
    const params = { object, record_id: history.recordId, attribute: history.attribute };
    const data = { replace_history: true, values: history.values };
    const read = dataBody(z.unknown().transform(() => undefined));
    return api.send(put(`${RECORD}/attributes/{attribute}/values`, { params, data, read }), options);
  }

  /** Finds records by text, best first. Eventually consistent: for people, not for syncing. */
  function search(
    { query, objects, limit, requestAs = { type: "workspace" } }: Search,
    options?: RequestOptions,
  ): Promise<SearchResult[]> {
    const body = { query, objects, limit, request_as: requestAs };
    const read = dataBody(z.array(searchResultSchema));
    return api.send(ask("/v2/objects/records/search", { body, read }), options);
  }

  return {
    create: createRecord,
    assert,
    update,
    overwrite,
    delete: deleteRecord,
    merge,
    writeHistory,
    search,
  };
}

const mergeSchema = z.looseObject({ new_record_id: z.string() });

/** 200: done; 202: under way (docs: "Merge two records"). */
function mergeBody(status: number): BodySink<MergeResult> {
  const sink = dataBody(mergeSchema)();
  return {
    write: (chunk) => sink.write(chunk),
    end: () => ({ newRecordId: sink.end().new_record_id, isReadable: status !== 202 }),
  };
}
