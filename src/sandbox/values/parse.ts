import { badRequest, invalidValue } from "../support/errors.ts";
import { isList, isObject, type Json } from "../support/json.ts";
import { parseTime } from "../support/time.ts";
import type { Attribute, Fields, Item } from "../store/model.ts";
import type { State } from "../store/state.ts";
import { parseDomain, parseEmail, parseLocation, parsePhone } from "./contact.ts";
import { isBareOptionId, parseActor, parseChoice, parseReference, referenceTo } from "./references.ts";
import {
  parseCheckbox,
  parseCurrency,
  parseDate,
  parseNumber,
  parsePersonalName,
  parseRating,
  parseText,
  parseTimestamp,
} from "./scalars.ts";
import { distinctValues } from "./unique-key.ts";

/** A value as in-process callers give it: JSON in any form that Attio accepts, or a record to refer to. */
export type FriendlyValue = Json | Item | readonly Item[] | undefined;

/** Types for which `null` is refused instead of clearing. */
const NULL_REFUSED = new Set(["currency", "checkbox", "record-reference", "actor-reference"]);

/**
 * Reads the value given for one attribute into the list of values it shall have.
 * Trusted callers (in process) may write what the API does not let anyone write: read-only attributes, interactions,
 * types of the future, a bare value for a multi-select.
 * Throws SandboxError 400 `validation_type` or `value_not_found`.
 */
export function parseValues(
  state: State,
  attribute: Attribute,
  raw: FriendlyValue,
  trusted: boolean,
): Fields[] {
  if (raw === undefined) return [];
  if (raw === null) return parseNull(attribute, trusted);
  if (attribute.isMultiselect && !Array.isArray(raw) && !trusted) {
    throw invalidValue(attribute.slug, "Expected array");
  }
  const given: readonly (Json | Item)[] = Array.isArray(raw)
    ? (raw as readonly (Json | Item)[])
    : [raw as Json | Item];
  const ignoresIds = !trusted && Array.isArray(raw) && state.quirks.optionIdsInArraysIgnored;
  const elements = ignoresIds ? given.filter((one) => !isBareOptionId(attribute, one)) : given;
  if (!attribute.isMultiselect && elements.length > 1) {
    throw invalidValue(attribute.slug, "Expected at most one value");
  }
  const parsed = elements.map((element) => parseElement(state, attribute, element, trusted));
  return distinctValues(
    attribute,
    parsed.filter((fields) => fields !== null),
  );
}

function parseNull(attribute: Attribute, trusted: boolean): Fields[] {
  if (!trusted && (attribute.isMultiselect || NULL_REFUSED.has(attribute.type))) {
    throw invalidValue(attribute.slug, "Expected a value, received null");
  }
  return [];
}

function parseElement(state: State, attribute: Attribute, raw: Json | Item, trusted: boolean): Fields | null {
  if (isItem(raw)) return referenceTo(raw);
  switch (attribute.type) {
    case "text":
      return parseText(attribute, raw);
    case "number":
      return parseNumber(attribute, raw);
    case "rating":
      return parseRating(attribute, raw);
    case "checkbox":
      return parseCheckbox(attribute, raw);
    case "currency":
      return parseCurrency(attribute, raw);
    case "date":
      return parseDate(attribute, raw);
    case "timestamp":
      return parseTimestamp(attribute, raw);
    case "personal-name":
      return parsePersonalName(attribute, raw);
    case "domain":
      return parseDomain(attribute, raw);
    case "email-address":
      return parseEmail(attribute, raw);
    case "phone-number":
      return parsePhone(attribute, raw);
    case "location":
      return parseLocation(attribute, raw);
    case "select":
    case "status":
      return parseChoice(attribute, raw);
    case "record-reference":
      return parseReference(state, attribute, raw);
    case "actor-reference":
      return parseActor(state, attribute, raw, trusted);
    default:
      return parseProtected(attribute, raw, trusted);
  }
}

/** Interactions and types of the future: nobody but Attio itself writes them. */
function parseProtected(attribute: Attribute, raw: Json, trusted: boolean): Fields {
  if (!trusted) {
    throw badRequest("validation_type", `Attribute with slug "${attribute.slug}" cannot be written.`);
  }
  if (!isObject(raw)) return { value: raw };
  const at = raw["interacted_at"];
  return typeof at === "string" ? { ...raw, interacted_at: parseTime(at) ?? at } : raw;
}

function isItem(value: Json | Item): value is Item {
  return isObject(value) && !isList(value) && "container" in value && "slots" in value;
}
