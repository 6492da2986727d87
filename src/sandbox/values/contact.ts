import { invalidValue } from "../support/errors.ts";
import { isObject, type Json } from "../support/json.ts";
import type { Attribute, Fields } from "../store/model.ts";

const HOST = /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+[\p{L}]{2,63}$/u;
const EMAIL = /^([^\s@"(),:;<>[\]\\]+)@([^\s@]+)$/u;
/** Names that no one can own. */
const RESERVED = /\.(?:example|test|invalid|localhost)$/;
/** Second-level labels under which countries register names, enough for root domains to be believable. */
const REGISTRY_LABELS = new Set(["co", "com", "org", "net", "ac", "gov", "edu"]);
/** Enough of the world for numbers to be believable; Attio knows all of it. */
const CALLING_CODES = new Map([
  ["+1", "US"],
  ["+31", "NL"],
  ["+32", "BE"],
  ["+33", "FR"],
  ["+34", "ES"],
  ["+39", "IT"],
  ["+41", "CH"],
  ["+43", "AT"],
  ["+44", "GB"],
  ["+45", "DK"],
  ["+46", "SE"],
  ["+47", "NO"],
  ["+48", "PL"],
  ["+49", "DE"],
  ["+55", "BR"],
  ["+61", "AU"],
  ["+81", "JP"],
  ["+86", "CN"],
  ["+91", "IN"],
  ["+353", "IE"],
  ["+358", "FI"],
  ["+380", "UA"],
  ["+972", "IL"],
]);
const COUNTRY = /^[A-Z]{2}$/;
/** What the published schema demands of coordinates. */
const COORDINATES: Readonly<Record<string, RegExp>> = {
  latitude: /^[-+]?([1-8]?\d(\.\d+)?|90(\.0+)?)$/,
  longitude: /^[-+]?(180(\.0+)?|((1[0-7]\d)|([1-9]?\d))(\.\d+)?)$/,
};
const LOCATION_KEYS = [
  "line_1",
  "line_2",
  "line_3",
  "line_4",
  "locality",
  "region",
  "postcode",
  "country_code",
  "latitude",
  "longitude",
] as const;

/** `domain`: scheme, path and query are trimmed off, the root derived. */
export function parseDomain(attribute: Attribute, raw: Json): Fields {
  const text = part(raw, "domain");
  const domain = typeof text === "string" ? bareHost(text) : "";
  if (!HOST.test(domain)) throw invalidValue(attribute.slug, "Invalid domain", ["domain"]);
  return { domain, root_domain: rootDomain(domain) };
}

/** `email-address`: normalized to lower case; addresses under reserved top-level names are refused. */
export function parseEmail(attribute: Attribute, raw: Json): Fields {
  const original = part(raw, "email_address") ?? part(raw, "original_email_address");
  const match = typeof original === "string" ? EMAIL.exec(original.trim().toLowerCase()) : null;
  const [address, local = "", host = ""] = match ?? [];
  if (typeof original !== "string" || address === undefined || !HOST.test(host) || RESERVED.test(host)) {
    throw invalidValue(attribute.slug, "Invalid email address", ["email_address"]);
  }
  return {
    original_email_address: original,
    email_address: address,
    email_domain: host,
    email_root_domain: rootDomain(host),
    email_local_specifier: local,
  };
}

/** `phone-number`: E.164, or a national number with its country; fictional 555 numbers are refused. */
export function parsePhone(attribute: Attribute, raw: Json): Fields {
  const original = part(raw, "original_phone_number");
  const country = isObject(raw) ? (raw["country_code"] ?? null) : null;
  if (country !== null && (typeof country !== "string" || !COUNTRY.test(country))) {
    throw invalidValue(attribute.slug, "Invalid enum value", ["country_code"]);
  }
  const number = typeof original === "string" ? e164(original, country) : "";
  if (!/^\+[1-9]\d{6,14}$/.test(number) || /^\+1\d{3}555\d{4}$/.test(number)) {
    throw invalidValue(attribute.slug, "Invalid phone number", ["original_phone_number"]);
  }
  return {
    country_code: countryOf(number) ?? country,
    original_phone_number: original ?? null,
    phone_number: number,
  };
}

/** `location`: free text, or an object with all ten keys. */
export function parseLocation(attribute: Attribute, raw: Json): Fields {
  if (typeof raw === "string") return locationFromText(raw);
  if (!isObject(raw)) throw invalidValue(attribute.slug, "Expected string or object");
  const foreign = Object.keys(raw).find((key) => !LOCATION_KEYS.some((known) => known === key));
  if (foreign !== undefined) throw invalidValue(attribute.slug, "Unrecognized key", [foreign]);
  return Object.fromEntries(LOCATION_KEYS.map((key) => [key, locationPart(attribute, key, raw[key])]));
}

function locationPart(attribute: Attribute, key: string, value: Json | undefined): Json {
  if (value === null) return null;
  if (typeof value !== "string") {
    throw invalidValue(attribute.slug, value === undefined ? "Required" : "Expected string", [key]);
  }
  const shape = key === "country_code" ? COUNTRY : COORDINATES[key];
  if (shape?.test(value) === false) throw invalidValue(attribute.slug, "Invalid", [key]);
  return key in COORDINATES ? value.replace(/(\.\d{9})\d+$/, "$1") : value;
}

/** The value under the key if the raw value is an object, else the raw value; other keys are overlooked. */
function part(raw: Json, key: string): Json | undefined {
  return isObject(raw) ? raw[key] : raw;
}

/** The part of a host under which one registers, guessed from its labels. */
function rootDomain(host: string): string {
  const labels = host.split(".");
  const second = labels.at(-2) ?? "";
  const depth =
    labels.length > 2 && REGISTRY_LABELS.has(second) && (labels.at(-1) ?? "").length === 2 ? 3 : 2;
  return labels.slice(-depth).join(".");
}

function bareHost(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/^[a-z][a-z\d+.-]*:\/\//, "")
    .replace(/[/?#:].*$/s, "");
}

function e164(text: string, country: Json): string {
  if (/[^\d\s+().\-/]/.test(text)) return "";
  const digits = text.replaceAll(/[^\d+]/g, "");
  if (digits.startsWith("+")) return digits;
  const code = [...CALLING_CODES].find(([, iso]) => iso === country)?.[0];
  return code === undefined ? digits : code + digits.replace(/^0/, "");
}

function countryOf(number: string): string | null {
  const codes = [...CALLING_CODES].filter(([code]) => number.startsWith(code));
  return codes.sort(([a], [b]) => b.length - a.length)[0]?.[1] ?? null;
}

/** Attio parses free text by means of its own; here: "line, locality, region, postcode, CC". */
function locationFromText(text: string): Fields {
  const [first = "", second, third, fourth, fifth] = text.split(",").map((piece) => piece.trim());
  const country = [second, third, fourth, fifth].find((piece) => piece !== undefined && COUNTRY.test(piece));
  const rest = (piece: string | undefined): string | null =>
    piece === undefined || piece === country ? null : piece;
  return {
    line_1: second === undefined ? null : first,
    line_2: null,
    line_3: null,
    line_4: null,
    locality: second === undefined ? first : rest(second),
    region: rest(third),
    postcode: rest(fourth),
    country_code: country ?? null,
    latitude: null,
    longitude: null,
  };
}
