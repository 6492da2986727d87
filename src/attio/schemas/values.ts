import type { JsonObject, JsonValue } from "../../lib/json.ts";

/**
 * Values to write, by attribute slug or id, in Attio's write forms (docs: "Attribute types"). Attributes that take several values must
 * get a list; attributes not named stay as they are.
 */
export type WriteValues = JsonObject;

/** One interval of an attribute's history to write (docs: "Write record attribute values"). */
export type HistoricValue = {
  readonly value: JsonValue;
  readonly active_from: string;
  /** Null: until now. */
  readonly active_until: string | null;
};

/**
 * Whether writing `values` by PATCH a second time leaves them as the first time did. A list may be added to what is there, and Attio
 * does not say whether it drops what it has already; anything else replaces.
 */
export function replacesOnly(values: WriteValues): boolean {
  return Object.values(values).every((value) => !Array.isArray(value));
}
