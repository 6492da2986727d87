import { isJsonObject } from "../../lib/json.ts";
import type { AttributePlan } from "./record-plan.ts";
import { LOCATION_PARTS } from "./shape.ts";
import { cleanJson, cleanText, cutTimestamp } from "./text.ts";
import type { TextTally } from "./text.ts";

/** A value that does not look as Attio's reference says; the row is set aside, the others go on. */
export class UnreadableValueError extends Error {
  constructor(attribute: AttributePlan, problem: string) {
    super(`attribute "${attribute.slug}" (${attribute.kind}): ${problem}`);
    this.name = "UnreadableValueError";
  }
}

/** An option or status as a value shows it. */
export interface SeenChoice {
  id: string;
  title: string | null;
  isArchived: boolean;
}

/** A choice whose id the mirror has never heard of; its attribute's options must be read first. */
export class UnknownChoiceError extends Error {
  readonly attribute: AttributePlan;
  readonly choice: SeenChoice;

  constructor(attribute: AttributePlan, choice: SeenChoice) {
    super(`attribute "${attribute.slug}" has a choice that is not in the schema`);
    this.name = "UnknownChoiceError";
    this.attribute = attribute;
    this.choice = choice;
  }
}

export type Scalar = string | number | boolean | null;

/** What one of Attio's values says, column by column; `identity` stands for it in the row's hash. */
export interface ReadValue {
  main: unknown;
  /** An option's id where `main` is its title: a renamed option is not a changed record. */
  identity?: string;
  sides?: Readonly<Record<string, Scalar>>;
}

type Reader = (value: Record<string, unknown>, attribute: AttributePlan, tally: TextTally) => ReadValue;

const ENVELOPE = new Set(["active_from", "active_until", "created_by_actor", "attribute_type"]);

/** How each kind of value is read, by the names of its properties. Source: docs.attio.com, "Attribute types". */
const READERS: Readonly<Record<AttributePlan["kind"], Reader>> = {
  text: (value, attribute, tally) => ({ main: textOf(value.value, attribute, tally) }),
  number: (value, attribute) => ({ main: finite(value.value, attribute) }),
  rating: (value, attribute) => ({ main: finite(value.value, attribute) }),
  checkbox: (value, attribute) => ({ main: boolean(value.value, attribute) }),
  date: (value, attribute, tally) => ({ main: textOf(value.value, attribute, tally) }),
  timestamp: (value, attribute, tally) => ({ main: instant(value.value, attribute, tally) }),
  currency: (value, attribute, tally) => ({
    main: decimal(value.currency_value, attribute),
    sides: { currency: textOf(value.currency_code, attribute, tally) },
  }),
  select: (value, attribute) => choice(value.option, "option_id", attribute),
  status: (value, attribute) => choice(value.status, "status_id", attribute),
  "record-reference": (value, attribute, tally) => ({
    main: textOf(value.target_record_id, attribute, tally),
    sides: { object: textOf(value.target_object, attribute, tally) },
  }),
  "actor-reference": (value, attribute, tally) => ({
    main: textOf(value.referenced_actor_id, attribute, tally),
    sides: { type: textOf(value.referenced_actor_type, attribute, tally) },
  }),
  domain: (value, attribute, tally) => ({ main: textOf(value.domain, attribute, tally) }),
  "email-address": (value, attribute, tally) => ({ main: textOf(value.email_address, attribute, tally) }),
  // The normalized number has one name in the specification and another in the guide.
  "phone-number": (value, attribute, tally) => ({
    main: textOf(value.phone_number ?? value.normalized_phone_number, attribute, tally),
  }),
  "personal-name": (value, attribute, tally) => ({
    main: textOf(value.full_name, attribute, tally),
    sides: {
      first: textOf(value.first_name, attribute, tally),
      last: textOf(value.last_name, attribute, tally),
    },
  }),
  location: readLocation,
  interaction: readInteraction,
  json: (value, _attribute, tally) => ({
    main: cleanJson(Object.fromEntries(Object.entries(value).filter(([key]) => !ENVELOPE.has(key))), tally),
  }),
};

/**
 * Reads one of Attio's values.
 *
 * @throws {UnreadableValueError} when the value lacks what its type promises
 * @throws {UnknownChoiceError} when it names an option or status that the plan does not know
 */
export function readValue(value: unknown, attribute: AttributePlan, tally: TextTally): ReadValue {
  if (!isJsonObject(value)) throw new UnreadableValueError(attribute, "a value is not an object");
  return READERS[attribute.kind](value, attribute, tally);
}

function textOf(value: unknown, attribute: AttributePlan, tally: TextTally): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== "string") throw new UnreadableValueError(attribute, "a text was expected");
  return cleanText(value, tally);
}

function instant(value: unknown, attribute: AttributePlan, tally: TextTally): string | null {
  const text = textOf(value, attribute, tally);
  return text === null ? null : cutTimestamp(text);
}

function finite(value: unknown, attribute: AttributePlan): number | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new UnreadableValueError(attribute, "a number within range was expected");
  }
  return value;
}

/** Amounts come as a number by the specification and as a text by the guide. */
function decimal(value: unknown, attribute: AttributePlan): string | number | null {
  if (typeof value !== "string") return finite(value, attribute);
  if (!/^-?\d+(\.\d+)?$/.test(value)) throw new UnreadableValueError(attribute, "an amount was expected");
  return value;
}

function boolean(value: unknown, attribute: AttributePlan): boolean | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== "boolean") throw new UnreadableValueError(attribute, "true or false was expected");
  return value;
}

/** An option comes as an object or, from the history endpoint, as a bare id. Its title is looked up, never taken. */
function choice(value: unknown, idKey: string, attribute: AttributePlan): ReadValue {
  const id = isJsonObject(value) && isJsonObject(value.id) ? value.id[idKey] : value;
  if (id === null || id === undefined) return { main: null };
  if (typeof id !== "string") throw new UnreadableValueError(attribute, "an option was expected");
  const title = attribute.titles?.get(id);
  if (title === undefined) {
    const seen = isJsonObject(value) ? value : {};
    throw new UnknownChoiceError(attribute, {
      id,
      title: typeof seen.title === "string" ? seen.title : null,
      isArchived: seen.is_archived === true,
    });
  }
  return { main: title, identity: id };
}

function readLocation(value: Record<string, unknown>, attribute: AttributePlan, tally: TextTally): ReadValue {
  const sides: Record<string, Scalar> = {};
  for (const part of LOCATION_PARTS) sides[part] = textOf(value[part], attribute, tally);
  sides.latitude = decimal(value.latitude, attribute);
  sides.longitude = decimal(value.longitude, attribute);
  return { main: locationLine(sides), sides };
}

/** One line for people; empty parts are left out. A place that has coordinates only has no line. */
function locationLine(parts: Readonly<Record<string, Scalar>>): string | null {
  const named = LOCATION_PARTS.map((part) => parts[part]).filter(
    (part) => typeof part === "string" && part.trim() !== "",
  );
  return named.length === 0 ? null : named.join(", ");
}

function readInteraction(
  value: Record<string, unknown>,
  attribute: AttributePlan,
  tally: TextTally,
): ReadValue {
  const owner = isJsonObject(value.owner_actor) ? value.owner_actor.id : null;
  return {
    main: instant(value.interacted_at, attribute, tally),
    sides: {
      type: textOf(value.interaction_type, attribute, tally),
      owner: textOf(owner, attribute, tally),
    },
  };
}
