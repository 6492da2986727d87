import { setTimeout as sleep } from "node:timers/promises";
import { badRequest, conflict, invalidPayload } from "../support/errors.ts";
import { readData, uuidText, valuesObject } from "../http/body.ts";
import { actorOf, data, param, type Call, type Reply, type Route } from "../http/route.ts";
import { uuid } from "../http/params.ts";
import { z } from "zod";
import { attributeOf, findRecord } from "../store/find.ts";
import { assertSettled } from "../store/merging.ts";
import type { Attribute, Item, ObjectDef } from "../store/model.ts";
import { uniqueKey } from "../values/unique-key.ts";
import { parseValues } from "../values/parse.ts";
import { itemAnswer } from "../wire/items.ts";
import { companyFor } from "./auto-company.ts";
import { objectOf } from "./targets.ts";

const scopes = ["record_permission:read-write", "object_configuration:read"];
const createBody = z.object({ values: valuesObject });
/** Nothing else may stand there: the matching attribute, say, belongs into the query string. */
const updateBody = z.strictObject({ values: valuesObject });
const mergeBody = z.object({ primary_record_id: uuidText, secondary_record_id: uuidText });

/** Creating, asserting, changing, deleting and merging records (docs page "Records"). */
export function recordWriteRoutes(): Route[] {
  const base = "/v2/objects/:object/records";
  const write = (method: Route["method"], url: string, handle: Route["handle"]): Route => ({
    method,
    url,
    scopes,
    kind: "write",
    handle,
  });
  return [
    write("POST", base, (call) => create(call, objectOf(call))),
    write("PUT", base, assert),
    write("PATCH", `${base}/:record`, (call) => update(call, "append")),
    write("PUT", `${base}/:record`, (call) => update(call, "overwrite")),
    write("DELETE", `${base}/:record`, remove),
    { ...write("POST", `${base}/merge`, merge), perSecond: 5 },
  ];
}

/** The record named in the path, for a write. Throws 404, or 400 `merge_in_progress`. */
export function writableRecord(call: Call): Item {
  const object = objectOf(call);
  const id = uuid(param(call, "record"), "record_id");
  assertSettled(call.store.state, id);
  return findRecord(object, id);
}

function create(call: Call, object: ObjectDef): Reply {
  const { values } = readData(call, createBody);
  const by = actorOf(call);
  const record = call.store.createRecord(object, values, { by, trusted: false });
  companyFor(call.store, record, by);
  return { body: itemAnswer(call.store.state, record) };
}

async function update(call: Call, mode: "append" | "overwrite"): Promise<Reply> {
  const record = writableRecord(call);
  const { values } = readData(call, updateBody);
  await validate(call, record);
  call.store.updateItem(record, values, { by: actorOf(call), mode, trusted: false });
  return { body: itemAnswer(call.store.state, record) };
}

function remove(call: Call): Reply {
  const record = writableRecord(call);
  call.store.deleteRecord(objectOf(call), record.id, { by: actorOf(call) });
  return { body: {} };
}

/** Takes the time that validation takes. Throws 409 if the record was changed meanwhile. */
async function validate(call: Call, record: Item): Promise<void> {
  const { validationMs } = call.store.quirks;
  if (validationMs === 0) return;
  const before = new Set(record.slots.values());
  await sleep(validationMs);
  if (call.store.state.items.has(record.id) && [...record.slots.values()].every((slot) => before.has(slot)))
    return;
  throw conflict(
    "concurrent_write_conflict",
    "The record was modified by another request while this write was being validated. Please try again.",
  );
}

/** The matching attribute only gains values; every other multi-select named is overwritten. */
async function assert(call: Call): Promise<Reply> {
  const object = objectOf(call);
  const { values } = readData(call, updateBody);
  const matching = matchingAttribute(call, object);
  const found = findMatch(call, matching, values[matching.slug] ?? values[matching.id]);
  if (found === undefined) return create(call, object);
  assertSettled(call.store.state, found.id);
  await validate(call, found);
  const mode = (attribute: Attribute) =>
    attribute === matching ? ("append" as const) : ("overwrite" as const);
  call.store.updateItem(found, values, { by: actorOf(call), mode, trusted: false });
  return { body: itemAnswer(call.store.state, found) };
}

function matchingAttribute(call: Call, object: ObjectDef): Attribute {
  const name = call.query["matching_attribute"];
  if (name === undefined || name === "") throw invalidPayload(["matching_attribute"], "Required", "Query");
  const attribute = attributeOf(object, name);
  if (attribute === undefined) {
    throw badRequest("value_not_found", `No attribute was found for matching_attribute slug/ID "${name}".`);
  }
  if (attribute.isUnique && attribute.virtual === undefined) return attribute;
  throw badRequest("validation_type", `Attribute with slug/ID "${name}" is not unique.`);
}

/** What Attio does with several matches isn't documented; refusing is the cautious guess. */
function findMatch(
  call: Call,
  matching: Attribute,
  raw: Parameters<typeof parseValues>[2],
): Item | undefined {
  const wanted = parseValues(call.store.state, matching, raw, false);
  if (wanted.length === 0) {
    throw badRequest(
      "missing_value",
      `Required value for attribute with ID "${matching.id}" was not provided.`,
    );
  }
  const holders = wanted.flatMap((fields) => [...(matching.holders.get(uniqueKey(matching, fields)) ?? [])]);
  const [first, another] = new Set(holders);
  if (another === undefined) return first;
  throw badRequest("multiple_match_results", "Several records match the values of the matching attribute.");
}

function merge(call: Call): Reply {
  const object = objectOf(call);
  const { primary_record_id: primary, secondary_record_id: secondary } = readData(call, mergeBody);
  for (const id of [primary, secondary]) {
    // Originals of an earlier merge are gone for good: 404.
    if (object.items.has(id)) assertSettled(call.store.state, id);
  }
  const inProgress = call.store.quirks.slowMerges;
  const merged = call.store.mergeRecords(object, primary, secondary, { by: actorOf(call), inProgress });
  return { ...data({ new_record_id: merged.id }), status: inProgress ? 202 : 200 };
}
