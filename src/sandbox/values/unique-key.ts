import type { Attribute, Fields } from "../store/model.ts";

const KEY_FIELDS: Readonly<Record<string, string>> = {
  domain: "domain",
  "email-address": "email_address",
  "phone-number": "phone_number",
  currency: "currency_value",
  "record-reference": "target_record_id",
  "actor-reference": "referenced_actor_id",
};

/** What two equal values of a unique attribute have in common. */
export function uniqueKey(attribute: Attribute, fields: Fields): string {
  const value = fields[KEY_FIELDS[attribute.type] ?? "value"];
  if (typeof value !== "string") return JSON.stringify(value ?? null);
  return attribute.type === "text" ? value : value.trim().toLowerCase();
}

/** Types whose values are the same when their normalized forms are, however they were typed. */
const NORMALIZED = new Set(["domain", "email-address", "phone-number"]);

/** What two equal values of one attribute have in common. */
export function valueKey(attribute: Attribute, fields: Fields): string {
  return NORMALIZED.has(attribute.type) ? uniqueKey(attribute, fields) : JSON.stringify(fields);
}

/** The values without those that are there already, the first of equals being kept. */
export function distinctValues(attribute: Attribute, values: readonly Fields[]): Fields[] {
  if (values.length < 2) return [...values];
  const distinct = new Map<string, Fields>();
  for (const fields of values) {
    const key = valueKey(attribute, fields);
    if (!distinct.has(key)) distinct.set(key, fields);
  }
  return [...distinct.values()];
}
