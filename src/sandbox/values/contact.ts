import { invalidValue } from "../support/errors.ts";
import { isObject, type Json } from "../support/json.ts";
import type { Attribute, Fields } from "../store/model.ts";
import { unwrap } from "./scalars.ts";

const HOST = /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+[\p{L}]{2,63}$/u;
const EMAIL = /^([^\s@"(),:;<>[\]\\]+)@([^\s@]+)$/u;
/** Second-level labels under which countries register names, enough for root domains to be believable. */
const REGISTRY_LABELS = new Set(["co", "com", "org", "net", "ac", "gov", "edu"]);
const CALLING_CODES = new Map([
  ["+1", "US"],
  ["+44", "GB"],
  ["+49", "DE"],
  ["+33", "FR"],
  ["+46", "SE"],
  ["+81", "JP"],
  ["+972", "IL"],
]);
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
  const text = unwrap(raw, "domain");
  const domain = typeof text === "string" ? bareHost(text) : "";
  if (!HOST.test(domain)) throw invalidValue(attribute.slug, "Invalid domain", ["domain"]);
  return { domain, root_domain: rootDomain(domain) };
}

/** `email-address`: normalized to lower case; addresses under reserved top-level names are refused. */
export function parseEmail(attribute: Attribute, raw: Json): Fields {
  const original = unwrap(
    raw,
    isObject(raw) && "original_email_address" in raw ? "original_email_address" : "email_address",
  );
  const match = typeof original === "string" ? EMAIL.exec(original.trim().toLowerCase()) : null;
  const [address, local = "", host = ""] = match ?? [];
  if (
    typeof original !== "string" ||
    address === undefined ||
    !HOST.test(host) ||
    host.endsWith(".example")
  ) {
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
  const original = unwrap(raw, "original_phone_number");
  const country = isObject(raw) ? (raw["country_code"] ?? null) : null;
  const number = typeof original === "string" ? e164(original, country) : "";
  if (!/^\+[1-9]\d{6,14}$/.test(number) || /^\+1\d{3}555\d{4}$/.test(number)) {
    throw invalidValue(attribute.slug, "Invalid phone number", ["original_phone_number"]);
  }
  return {
    country_code: typeof country === "string" ? country : countryOf(number),
    original_phone_number: original ?? null,
    phone_number: number,
  };
}

/** `location`: free text, or an object with all ten keys. */
export function parseLocation(attribute: Attribute, raw: Json): Fields {
  if (typeof raw === "string") return locationFromText(raw);
  if (!isObject(raw)) throw invalidValue(attribute.slug, "Expected string or object");
  return Object.fromEntries(
    LOCATION_KEYS.map((key) => {
      const part = raw[key];
      if (part !== null && typeof part !== "string" && !(typeof part === "number" && key.endsWith("itude"))) {
        throw invalidValue(attribute.slug, part === undefined ? "Required" : "Expected string", [key]);
      }
      return [key, typeof part === "number" ? String(part) : part];
    }),
  );
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
  const [first = "", second, third, fourth, fifth] = text.split(",").map((part) => part.trim());
  const country = [second, third, fourth, fifth].find(
    (part) => part !== undefined && /^[A-Z]{2}$/.test(part),
  );
  const rest = (part: string | undefined): string | null =>
    part === undefined || part === country ? null : part;
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
