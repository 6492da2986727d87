import { z } from "zod";
import { badRequest } from "../support/errors.ts";
import { anyJson, isoTime, readData } from "../http/body.ts";
import { actorOf, data, type Call, type Reply, type Route } from "../http/route.ts";
import type { Attribute, Interval, Item } from "../store/model.ts";
import { assertUnique, replaceSlot } from "../store/slots.ts";
import { parseValues } from "../values/parse.ts";
import { allValues, wireValue } from "../wire/values.ts";
import { entryOf } from "./items.ts";
import { attributeOfCall } from "./targets.ts";
import { writableRecord } from "./write-records.ts";

const MAX_VALUES = 400;
const body = z.object({
  replace_history: z.literal(true),
  values: z
    .array(z.looseObject({ active_from: isoTime, active_until: isoTime.nullable() }))
    .min(1)
    .max(MAX_VALUES),
});

/** Rewriting the history of an attribute (docs page "Write record attribute values"); it emits no events. */
export function historyWriteRoutes(): Route[] {
  return [
    {
      method: "PUT",
      url: "/v2/objects/:object/records/:record/attributes/:attribute/values",
      scopes: ["record_permission:read-write", "object_configuration:read"],
      kind: "write",
      handle: (call) => rewrite(call, writableRecord(call)),
    },
    {
      method: "PUT",
      url: "/v2/lists/:list/entries/:entry/attributes/:attribute/values",
      scopes: ["list_entry:read-write", "list_configuration:read"],
      kind: "write",
      handle: (call) => rewrite(call, entryOf(call)),
    },
  ];
}

function rewrite(call: Call, item: Item): Reply {
  const { state } = call.store;
  const attribute = attributeOfCall(call, item.container);
  assertEditable(attribute);
  const by = actorOf(call);
  const intervals = readData(call, body).values.map(({ active_from, active_until, ...value }): Interval => {
    const raw = anyJson.parse("value" in value && Object.keys(value).length === 1 ? value["value"] : value);
    const [fields, second] = parseValues(state, attribute, attribute.isMultiselect ? [raw] : raw, false);
    if (fields === undefined || second !== undefined)
      throw badRequest("validation_type", "Expected one value.");
    return { from: active_from, until: active_until, actor: by, fields };
  });
  assertSequence(attribute, intervals);
  const active = intervals.filter((interval) => interval.until === null);
  assertUnique(
    item,
    attribute,
    active.map((interval) => interval.fields),
  );
  const past = intervals.filter((interval) => interval.until !== null);
  replaceSlot(state, item, attribute, { active, past });
  return data(allValues(item, attribute).map((interval) => wireValue(state, attribute, interval)));
}

function assertEditable(attribute: Attribute): void {
  if (attribute.virtual !== undefined || !attribute.isWritable) {
    throw badRequest("system_edit_unauthorized", "The history of a system attribute cannot be written.");
  }
  if (attribute.isEnriched || attribute.pair !== undefined || attribute.type === "interaction") {
    throw badRequest("validation_type", "The history of this attribute cannot be written.");
  }
}

/** Gaps are allowed; overlaps of a single-select attribute and times to come are not. */
function assertSequence(attribute: Attribute, intervals: readonly Interval[]): void {
  const sorted = [...intervals].sort((a, b) => (a.from < b.from ? -1 : 1));
  for (const [index, { from, until }] of sorted.entries()) {
    const isFuture = Date.parse(from) > Date.now() || (until !== null && Date.parse(until) > Date.now());
    if (isFuture || (until !== null && until < from))
      throw badRequest("validation_type", "Invalid interval.");
    const next = sorted[index + 1];
    const overlaps = next !== undefined && (until === null || next.from < until);
    if (!attribute.isMultiselect && overlaps) {
      throw badRequest("multiple_values_for_single_value_attribute", "Intervals must not overlap.");
    }
  }
}
