import { z } from "zod";
import { dataBody, itemBody } from "../body.ts";
import { create, patch, put, remove, type Api, type RequestOptions } from "../requests.ts";
import { checkEntry, type AttioEntry } from "../schemas/record.ts";
import { replacesOnly, type HistoricValue, type WriteValues } from "../schemas/values.ts";
import type { UpdateOptions } from "./record-writes.ts";

/** An entry to make: a record in a list. */
export interface NewEntry {
  readonly parentRecordId: string;
  /** Slug or id. */
  readonly parentObject: string;
  readonly values?: WriteValues | undefined;
}

const ENTRIES = "/v2/lists/{list}/entries";
const ENTRY = `${ENTRIES}/{entry_id}`;

/** What changes entries. */
export function createEntryWrites(api: Api) {
  /** Adds a record to a list, also one that is in it already. Repeated only if it was surely not done. */
  function createEntry(list: string, entry: NewEntry, options?: RequestOptions): Promise<AttioEntry> {
    const read = itemBody(checkEntry);
    return api.send(create(ENTRIES, { params: { list }, data: entryData(entry), read }), options);
  }

  /** Adds a record to a list, or updates its entry. Throws AttioConflictError `multiple_match_results` if it has several. */
  function assert(list: string, entry: NewEntry, options?: RequestOptions): Promise<AttioEntry> {
    const read = itemBody(checkEntry);
    return api.send(put(ENTRIES, { params: { list }, data: entryData(entry), read }), options);
  }

  /** PATCH: lists are added, in front of what is there. */
  function update(
    list: string,
    { entryId, values }: { readonly entryId: string; readonly values: WriteValues },
    { idempotent = replacesOnly(values), ...options }: UpdateOptions = {},
  ): Promise<AttioEntry> {
    const params = { list, entry_id: entryId };
    const read = itemBody(checkEntry);
    return api.send(patch(ENTRY, { params, data: { entry_values: values }, idempotent, read }), options);
  }

  /** PUT: lists replace what is there; `[]` clears. */
  function overwrite(
    list: string,
    { entryId, values }: { readonly entryId: string; readonly values: WriteValues },
    options?: RequestOptions,
  ): Promise<AttioEntry> {
    const params = { list, entry_id: entryId };
    const read = itemBody(checkEntry);
    return api.send(put(ENTRY, { params, data: { entry_values: values }, read }), options);
  }

  /** Takes a record out of a list. Throws AttioNotFoundError if the entry is not there. */
  function deleteEntry(list: string, entryId: string, options?: RequestOptions): Promise<void> {
    return remove(api, { route: ENTRY, params: { list, entry_id: entryId } }, options);
  }

  /** Replaces the whole history of one attribute: 1 to 400 values. Attio sends no webhooks for this. */
  function writeHistory(
    list: string,
    history: {
      readonly entryId: string;
      readonly attribute: string;
      readonly values: readonly HistoricValue[];
    },
    options?: RequestOptions,
  ): Promise<void> {
    const params = { list, entry_id: history.entryId, attribute: history.attribute };
    const data = { replace_history: true, values: history.values };
    const read = dataBody(z.unknown().transform(() => undefined));
    return api.send(put(`${ENTRY}/attributes/{attribute}/values`, { params, data, read }), options);
  }

  return { create: createEntry, assert, update, overwrite, delete: deleteEntry, writeHistory };
}

function entryData({ parentRecordId, parentObject, values = {} }: NewEntry) {
  return { parent_record_id: parentRecordId, parent_object: parentObject, entry_values: values };
}
