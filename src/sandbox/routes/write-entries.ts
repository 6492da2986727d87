import { z } from "zod";
import { badRequest } from "../support/errors.ts";
import { readData, uuidText, valuesObject } from "../http/body.ts";
import { actorOf, type Call, type Reply, type Route } from "../http/route.ts";
import { assertSettled } from "../store/merging.ts";
import type { Item, ListDef } from "../store/model.ts";
import { itemAnswer } from "../wire/items.ts";
import { entryOf } from "./items.ts";
import { listOf } from "./targets.ts";

const scopes = ["list_entry:read-write", "list_configuration:read"];
const createBody = z.object({
  parent_record_id: uuidText,
  parent_object: z.string(),
  entry_values: valuesObject,
});
const updateBody = z.strictObject({
  entry_values: valuesObject,
  parent_record_id: z.unknown().optional(),
  parent_object: z.unknown().optional(),
});

/** Creating, asserting, changing and deleting entries (docs page "Entries"). */
export function entryWriteRoutes(): Route[] {
  const base = "/v2/lists/:list/entries";
  const write = (method: Route["method"], url: string, handle: (call: Call) => Reply): Route => ({
    method,
    url,
    scopes,
    kind: "write",
    handle,
  });
  return [
    write("POST", base, create),
    write("PUT", base, assert),
    write("PATCH", `${base}/:entry`, (call) => update(call, "append")),
    write("PUT", `${base}/:entry`, (call) => update(call, "overwrite")),
    write("DELETE", `${base}/:entry`, remove),
  ];
}

/** A record may be in a list several times. */
function create(call: Call): Reply {
  const list = listOf(call);
  const body = readData(call, createBody);
  return add(call, list, parentOf(call, body), body.entry_values);
}

function assert(call: Call): Reply {
  const list = listOf(call);
  const body = readData(call, createBody);
  const parent = parentOf(call, body);
  const [entry, another] = call.store.entriesOf(parent).filter((one) => one.container === list);
  if (another !== undefined) {
    throw badRequest(
      "multiple_match_results",
      "Multiple entries were founds for the given parent record. Please remove duplicates or use the update or create entry endpoints instead.",
    );
  }
  if (entry === undefined) return add(call, list, parent, body.entry_values);
  const options = { by: actorOf(call), mode: "overwrite", trusted: false } as const;
  return { body: itemAnswer(call.store.state, call.store.updateItem(entry, body.entry_values, options)) };
}

function update(call: Call, mode: "append" | "overwrite"): Reply {
  const entry = entryOf(call);
  const body = readData(call, updateBody);
  if (body.parent_record_id !== undefined || body.parent_object !== undefined) {
    throw badRequest("immutable_value", "The parent record for a list entry cannot be updated once created.");
  }
  call.store.updateItem(entry, body.entry_values, { by: actorOf(call), mode, trusted: false });
  return { body: itemAnswer(call.store.state, entry) };
}

function remove(call: Call): Reply {
  call.store.deleteEntry(listOf(call), entryOf(call).id, { by: actorOf(call) });
  return { body: {} };
}

function add(call: Call, list: ListDef, parent: Item, values: z.infer<typeof valuesObject>): Reply {
  const entry = call.store.createEntry(list, parent, values, { by: actorOf(call), trusted: false });
  return { body: itemAnswer(call.store.state, entry) };
}

function parentOf(call: Call, body: { parent_object: string; parent_record_id: string }): Item {
  const object = call.store.object(body.parent_object);
  assertSettled(call.store.state, body.parent_record_id);
  const record = object.items.get(body.parent_record_id);
  if (record !== undefined) return record;
  throw badRequest("value_not_found", `Parent record with slug/ID "${body.parent_record_id}" not found.`);
}
