import { invalidValue } from "../support/errors.ts";
import { isObject, type Json } from "../support/json.ts";
import { parseTime } from "../support/time.ts";
import type { Attribute, Fields } from "../store/model.ts";

/** Texts are limited to 10 MB. */
const MAX_TEXT_BYTES = 10 * 1024 * 1024;

/** `text`: `"s"` or `{"value":"s"}`; the empty string clears. */
export function parseText(attribute: Attribute, raw: Json): Fields | null {
  const value = unwrap(attribute, raw, "value");
  if (typeof value !== "string") throw invalidValue(attribute.slug, "Expected string", ["value"]);
  if (Buffer.byteLength(value) > MAX_TEXT_BYTES) throw invalidValue(attribute.slug, "Too long", ["value"]);
  return value === "" ? null : { value };
}

/** `number`: a number or a string that holds one. */
export function parseNumber(attribute: Attribute, raw: Json): Fields {
  return { value: numeric(attribute, unwrap(attribute, raw, "value")) };
}

/** `rating`: 0 to 5 stars. */
export function parseRating(attribute: Attribute, raw: Json): Fields {
  const value = numeric(attribute, unwrap(attribute, raw, "value"));
  if (!Number.isInteger(value) || value < 0 || value > 5) {
    throw invalidValue(attribute.slug, "Expected an integer from 0 to 5", ["value"]);
  }
  return { value };
}

/** `checkbox`: a boolean or its name. */
export function parseCheckbox(attribute: Attribute, raw: Json): Fields {
  const value = unwrap(attribute, raw, "value");
  if (value === true || value === "true") return { value: true };
  if (value === false || value === "false") return { value: false };
  throw invalidValue(attribute.slug, "Expected boolean", ["value"]);
}

/** `currency`: the amount; the code comes from the attribute and cannot be written per value. */
export function parseCurrency(attribute: Attribute, raw: Json): Fields {
  const amount = numeric(attribute, unwrap(attribute, raw, "currency_value"), "currency_value");
  return { currency_value: Number(amount.toFixed(4)), currency_code: attribute.currency.code };
}

/** `date`: an ISO 8601 string, converted to UTC and cut to the day. */
export function parseDate(attribute: Attribute, raw: Json): Fields {
  return { value: time(attribute, unwrap(attribute, raw, "value")).slice(0, 10) };
}

/** `timestamp`: an ISO 8601 string of up to nine fractional digits; UTC if it names no zone. */
export function parseTimestamp(attribute: Attribute, raw: Json): Fields {
  return { value: time(attribute, unwrap(attribute, raw, "value")) };
}

/** `personal-name`: all three parts, or `"Last, First"` (without a comma: the first name alone); the empty string clears. */
export function parsePersonalName(attribute: Attribute, raw: Json): Fields | null {
  if (typeof raw === "string") return raw.trim() === "" ? null : nameFromString(raw);
  if (!isObject(raw)) throw invalidValue(attribute.slug, "Expected string or object");
  return Object.fromEntries(
    ["first_name", "last_name", "full_name"].map((key) => {
      const part = raw[key];
      if (typeof part !== "string") throw invalidValue(attribute.slug, "Required", [key]);
      return [key, part];
    }),
  );
}

/**
 * The value under the key if the raw value is an object, else the raw value. An object must hold nothing else: what
 * was read, with its envelope, cannot be written back.
 */
export function unwrap(attribute: Attribute, raw: Json, key: string): Json | undefined {
  if (!isObject(raw)) return raw;
  const foreign = Object.keys(raw).find((one) => one !== key);
  if (foreign !== undefined) throw invalidValue(attribute.slug, "Unrecognized key", [foreign]);
  return raw[key];
}

function nameFromString(text: string): Fields {
  const comma = text.indexOf(",");
  const first_name = (comma < 0 ? text : text.slice(comma + 1)).trim();
  const last_name = comma < 0 ? "" : text.slice(0, comma).trim();
  return { first_name, last_name, full_name: `${first_name} ${last_name}`.trim() };
}

function numeric(attribute: Attribute, value: Json | undefined, key = "value"): number {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number)) return number;
  throw invalidValue(attribute.slug, "Expected number", [key]);
}

function time(attribute: Attribute, value: Json | undefined): string {
  const parsed = typeof value === "string" ? parseTime(value) : undefined;
  if (parsed === undefined) throw invalidValue(attribute.slug, "Expected ISO 8601 string", ["value"]);
  return parsed;
}
