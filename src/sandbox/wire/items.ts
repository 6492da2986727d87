import type { Pieces } from "../http/route.ts";
import type { JsonObject } from "../support/json.ts";
import type { Item, ObjectDef } from "../store/model.ts";
import type { State } from "../store/state.ts";
import { activeValues, wireValue } from "./values.ts";

/** A record or entry as JSON text, from the cache if neither it nor the schema changed since. */
export function itemJson(state: State, item: Item): Buffer {
  if (item.json !== undefined && item.jsonVersion === state.schemaVersion) return item.json;
  const json = Buffer.from(JSON.stringify(wireItem(state, item)));
  item.json = json;
  item.jsonVersion = state.schemaVersion;
  return json;
}

/** `{"data":<item>}` as text. */
export function itemAnswer(state: State, item: Item): Buffer {
  return Buffer.concat([OPEN, itemJson(state, item), CLOSE]);
}

/** `{"data":[<item>,…]}` as pieces of text: pages are large and read often. */
export function itemsAnswer(state: State, items: readonly Item[]): Pieces {
  const parts: Buffer[] = [OPEN_LIST];
  for (const [index, item] of items.entries()) {
    if (index > 0) parts.push(COMMA);
    parts.push(itemJson(state, item));
  }
  parts.push(CLOSE_LIST);
  return parts;
}

const OPEN = Buffer.from('{"data":');
const CLOSE = Buffer.from("}");
const OPEN_LIST = Buffer.from('{"data":[');
const CLOSE_LIST = Buffer.from("]}");
const COMMA = Buffer.from(",");

function wireItem(state: State, item: Item): JsonObject {
  const { container } = item;
  const workspace_id = state.workspace.id;
  if (container.kind === "object") {
    return {
      id: { workspace_id, object_id: container.id, record_id: item.id },
      created_at: item.createdAt,
      web_url: webUrl(state, container, item),
      values: wireValues(state, item),
    };
  }
  return {
    id: { workspace_id, list_id: container.id, entry_id: item.id },
    parent_record_id: item.parent?.id ?? null,
    parent_object: item.parent?.container.slug ?? null,
    created_at: item.createdAt,
    entry_values: wireValues(state, item),
  };
}

/** What Attio does with the values of archived attributes is not documented; here they are left out. */
function wireValues(state: State, item: Item): JsonObject {
  const values: Record<string, JsonObject[]> = {};
  for (const attribute of item.container.attributes.values()) {
    if (attribute.isArchived) continue;
    values[attribute.slug] = activeValues(item, attribute).map((one) => wireValue(state, attribute, one));
  }
  return values;
}

function webUrl(state: State, object: ObjectDef, record: Item): string {
  const name = object.isStandard ? object.singular.toLowerCase() : `custom/${object.slug}`;
  return `https://app.attio.com/${state.workspace.slug}/${name}/${record.id}`;
}
