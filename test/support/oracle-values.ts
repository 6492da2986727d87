import { at, type Json } from "./oracle-api.ts";

/** What a column must hold: its type and the value, in the form that `to_jsonb` gives it. */
export interface Expected {
  type: string;
  value: Json;
}

/** What an attribute's values must look like in Postgres: its own column (suffix "") and its side columns. */
export type ExpectedColumns = ReadonlyMap<string, Expected>;

/** What of an attribute decides that. */
export interface AttributeFacts {
  type: string;
  isMulti: boolean;
  /** More than one object (or any) may be pointed at. */
  hasObjectColumn: boolean;
  /** Option or status id → title, by Attio's own list of them. */
  titles: ReadonlyMap<string, string>;
}

interface Part {
  type: string;
  read: (value: Json, facts: AttributeFacts) => Json;
}

const field = (type: string, path: string): Part => ({ type, read: (value) => at(value, path) });

/** The table of design section 3, written down once more. */
const PARTS: Readonly<Record<string, Readonly<Record<string, Part>>>> = {
  text: { "": field("text", "value") },
  number: { "": field("double precision", "value") },
  checkbox: { "": field("boolean", "value") },
  currency: { "": field("numeric", "currency_value"), currency: field("text", "currency_code") },
  date: { "": field("date", "value") },
  timestamp: { "": field("timestamp with time zone", "value") },
  rating: { "": field("smallint", "value") },
  select: { "": { type: "text", read: titleOf("option", "option_id") } },
  status: { "": { type: "text", read: titleOf("status", "status_id") } },
  "record-reference": { "": field("uuid", "target_record_id"), object: field("text", "target_object") },
  "actor-reference": {
    "": field("uuid", "referenced_actor_id"),
    type: field("text", "referenced_actor_type"),
  },
  "personal-name": {
    "": field("text", "full_name"),
    first: field("text", "first_name"),
    last: field("text", "last_name"),
  },
  location: {
    "": { type: "text", read: oneLine },
    line_1: field("text", "line_1"),
    line_2: field("text", "line_2"),
    line_3: field("text", "line_3"),
    line_4: field("text", "line_4"),
    locality: field("text", "locality"),
    region: field("text", "region"),
    postcode: field("text", "postcode"),
    country_code: field("text", "country_code"),
    latitude: field("numeric", "latitude"),
    longitude: field("numeric", "longitude"),
  },
  domain: { "": field("text", "domain") },
  "email-address": { "": field("text", "email_address") },
  "phone-number": {
    "": { type: "text", read: (value) => at(value, "phone_number") ?? at(value, "normalized_phone_number") },
  },
  interaction: {
    "": field("timestamp with time zone", "interacted_at"),
    type: field("text", "interaction_type"),
    owner: field("uuid", "owner_actor.id"),
  },
};

/** A type that the design does not know is kept as it is, without the envelope that every value has. */
const UNKNOWN: Readonly<Record<string, Part>> = { "": { type: "jsonb", read: withoutEnvelope } };

/** Says which columns the values must have filled, and with what. */
export function expectColumns(values: readonly Json[], facts: AttributeFacts): ExpectedColumns {
  const parts = PARTS[facts.type] ?? UNKNOWN;
  const columns = new Map<string, Expected>();
  for (const [suffix, { type, read }] of Object.entries(parts)) {
    if (facts.type === "record-reference" && suffix === "object" && !facts.hasObjectColumn) continue;
    const read1 = (value: Json): Json => stored(read(value, facts));
    const [first] = values;
    if (facts.isMulti) {
      const list = values.length === 0 ? null : values.map(read1);
      columns.set(suffix, { type: type === "jsonb" ? type : `${type}[]`, value: list });
    } else {
      columns.set(suffix, { type, value: first === undefined ? null : read1(first) });
    }
  }
  return columns;
}

/** Postgres holds neither U+0000 nor half a character. */
export function stored(value: Json): Json {
  if (typeof value === "string") return storedText(value);
  if (Array.isArray(value)) return value.map(stored);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [storedText(key), stored(one)]));
}

function storedText(text: string): string {
  return text.toWellFormed().split("\0").join("");
}

/** Two values of one column are equal if their canonical texts are. */
export function canonical(value: Json, type: string): string {
  if (value === null) return "null";
  if (Array.isArray(value) && type.endsWith("[]")) {
    return `[${value.map((one) => canonical(one, type.slice(0, -2))).join()}]`;
  }
  if (type === "numeric") return decimal(value);
  if (type === "timestamp with time zone" && typeof value === "string") return microseconds(value);
  if (type === "uuid" && typeof value === "string") return value.toLowerCase();
  return JSON.stringify(sorted(value));
}

function titleOf(key: string, idKey: string): Part["read"] {
  return (value, { titles }) => {
    const id = at(value, `${key}.id.${idKey}`);
    return typeof id === "string" ? (titles.get(id) ?? at(value, `${key}.title`)) : null;
  };
}

function oneLine(value: Json): Json {
  const keys = ["line_1", "line_2", "line_3", "line_4", "locality", "region", "postcode", "country_code"];
  const parts = keys
    .map((key) => at(value, key))
    .filter((part) => typeof part === "string")
    .filter((part) => part.trim() !== "");
  return parts.length === 0 ? null : parts.join(", ");
}

function withoutEnvelope(value: Json): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const envelope = ["active_from", "active_until", "created_by_actor", "attribute_type"];
  return Object.fromEntries(Object.entries(value).filter(([key]) => !envelope.includes(key)));
}

/** Timestamps are cut, never rounded, to microseconds. */
function microseconds(timestamp: string): string {
  const match = /^(\S+?)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z|\+00(?::00)?)$/.exec(timestamp);
  if (match === null) return `unreadable ${timestamp}`;
  const [, day = "", time = "", fraction = ""] = match;
  return `${day}T${time}.${fraction.slice(0, 6).padEnd(6, "0")}`;
}

function decimal(value: Json): string {
  const text = typeof value === "number" ? expand(value) : typeof value === "string" ? value : "";
  const match = /^(-?)0*(\d+)(?:\.(\d*?)0*)?$/.exec(text);
  if (match === null) return `unreadable ${text}`;
  const [, sign = "", whole = "", fraction = ""] = match;
  const digits = fraction === "" ? whole : `${whole}.${fraction}`;
  return digits === "0" ? "0" : sign + digits;
}

/** JavaScript writes large and small numbers with an exponent. */
function expand(value: number): string {
  const text = String(value);
  return text.includes("e") ? value.toFixed(20).replace(/\.?0+$/, "") : text;
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, one]) => [key, sorted(one)]));
}
