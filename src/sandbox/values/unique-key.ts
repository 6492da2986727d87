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
