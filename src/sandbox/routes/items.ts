import { data, param, type Call, type Reply, type Route } from "../http/route.ts";
import { bodyOf, bodyWindow, flag, uuid, windowOf } from "../http/params.ts";
import { runQuery } from "../query/run.ts";
import { filterError } from "../query/operators.ts";
import { badRequest, SandboxError } from "../support/errors.ts";
import { findEntry, findRecord } from "../store/find.ts";
import type { Attribute, Container, Item } from "../store/model.ts";
import { itemAnswer, itemsAnswer } from "../wire/items.ts";
import { activeValues, allValues, wireValue } from "../wire/values.ts";
import { attributeOfCall, containerOf, listOf, objectOf, type TargetKind } from "./targets.ts";

/** Scopes for reading records. */
export const RECORD_READ = ["record_permission:read", "object_configuration:read"] as const;
/** Scopes for reading entries. */
export const ENTRY_READ = ["list_entry:read", "list_configuration:read"] as const;

/** Communication intelligence: types whose history Attio doesn't give. */
const WITHOUT_HISTORY = new Set(["interaction"]);

/** Reading records and entries. */
export function itemRoutes(): Route[] {
  return [...recordRoutes(), ...entryRoutes()];
}

/** The record named in the path. Throws 404 `not_found`, or `merge_in_progress` while its merge is being applied. */
export function recordOf(call: Call): Item {
  const object = objectOf(call);
  const id = uuid(param(call, "record"), "record_id");
  if (!call.store.state.merging.has(id)) return findRecord(object, id);
  throw new SandboxError(
    404,
    "merge_in_progress",
    `Record with ID "${id}" is the result of a merge in progress.`,
  );
}

/** The entry named in the path. Throws 404. */
export function entryOf(call: Call): Item {
  return findEntry(listOf(call), uuid(param(call, "entry"), "entry_id"));
}

function recordRoutes(): Route[] {
  const base = "/v2/objects/:object/records";
  return [
    {
      method: "POST",
      url: `${base}/query`,
      scopes: RECORD_READ,
      kind: "read",
      handle: (call) => query(call, "objects"),
    },
    {
      method: "GET",
      url: `${base}/:record`,
      scopes: RECORD_READ,
      kind: "read",
      handle: (call) => ({ body: itemAnswer(call.store.state, recordOf(call)) }),
    },
    {
      method: "GET",
      url: `${base}/:record/attributes/:attribute/values`,
      scopes: RECORD_READ,
      kind: "read",
      handle: (call) => values(call, recordOf(call)),
    },
    {
      method: "GET",
      url: `${base}/:record/entries`,
      scopes: [...RECORD_READ, "list_entry:read"],
      kind: "read",
      handle: recordEntries,
    },
  ];
}

function entryRoutes(): Route[] {
  const base = "/v2/lists/:list/entries";
  return [
    {
      method: "POST",
      url: `${base}/query`,
      scopes: ENTRY_READ,
      kind: "read",
      handle: (call) => query(call, "lists"),
    },
    {
      method: "GET",
      url: `${base}/:entry`,
      scopes: ENTRY_READ,
      kind: "read",
      handle: (call) => ({ body: itemAnswer(call.store.state, entryOf(call)) }),
    },
    {
      method: "GET",
      url: `${base}/:entry/attributes/:attribute/values`,
      scopes: ENTRY_READ,
      kind: "read",
      handle: (call) => values(call, entryOf(call)),
    },
  ];
}

function query(call: Call, kind: TargetKind): Reply {
  const container: Container = containerOf(call, kind);
  const body = bodyOf(call);
  if (body["filter_view_id"] != null) throw filterError("The view was not found.");
  const window = bodyWindow(call, body, kind === "objects" ? "records" : "entries");
  const wanted = { filter: body["filter"], sorts: body["sorts"], ...window };
  const { items, score } = runQuery(call.store.state, container, wanted, call.requestNumber);
  return { body: itemsAnswer(call.store.state, items), score };
}

function values(call: Call, item: Item): Reply {
  const attribute = attributeOfCall(call, item.container);
  const isHistoric = flag(call, "show_historic") ?? false;
  if (isHistoric) assertHistory(attribute);
  const { limit, offset } = windowOf(call, "values", 500, 1000);
  const intervals = isHistoric ? allValues(item, attribute) : activeValues(item, attribute);
  const page = intervals.slice(offset, offset + limit);
  return data(page.map((interval) => wireValue(call.store.state, attribute, interval)));
}

function assertHistory(attribute: Attribute): void {
  if (!attribute.isEnriched && !WITHOUT_HISTORY.has(attribute.type)) return;
  throw badRequest("validation_type", "Historic values cannot be listed for COMINT or enriched attributes.");
}

function recordEntries(call: Call): Reply {
  const record = recordOf(call);
  const { limit, offset } = windowOf(call, "recordEntries", 100, 1000);
  const entries = call.store
    .entriesOf(record)
    .filter(({ container }) => container.kind === "list" && !container.isHidden);
  return data(
    entries.slice(offset, offset + limit).map((entry) => ({
      list_id: entry.container.id,
      list_api_slug: entry.container.slug,
      entry_id: entry.id,
      created_at: entry.createdAt,
    })),
  );
}
