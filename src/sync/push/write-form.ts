import type { Cells } from "../../db/control/index.ts";
import type { JsonValue } from "../../lib/json.ts";
import type { AttributePlan } from "../mapping/record-plan.ts";
import { LOCATION_PARTS } from "../mapping/shape.ts";

/** One of Attio's values in the form that it is written in. */
export type WriteValue = JsonValue;

/** A value of an attribute: its main column's, and those of its side columns by suffix. */
export interface ValueCells {
  main: unknown;
  sides: Readonly<Record<string, unknown>>;
}

/** The values that a row's columns hold of an attribute: none, one, or the members of a list. Pure. */
export function valuesIn(attribute: AttributePlan, cells: Cells): ValueCells[] {
  const main = cells[attribute.column] ?? null;
  const sides = Object.entries(attribute.sides).map(
    ([suffix, column]) => [suffix, cells[column] ?? null] as const,
  );
  if (!attribute.multi) {
    // A name or a place may consist of parts alone; of everything else a side column only says more.
    const isWhole = attribute.kind !== "personal-name" && attribute.kind !== "location";
    const isEmpty = main === null && (isWhole || sides.every(([, side]) => side === null));
    return isEmpty ? [] : [{ main, sides: Object.fromEntries(sides) }];
  }
  if (!Array.isArray(main)) return [];
  return main.map((member: unknown, place) => ({
    main: member,
    sides: Object.fromEntries(
      sides.map(([suffix, side]) => [
        suffix,
        Array.isArray(side) ? ((side as unknown[])[place] ?? null) : null,
      ]),
    ),
  }));
}

/**
 * Writes a value in Attio's form; docs.attio.com, "Attribute types".
 *
 * @param before the value that it takes the place of, which tells what of a name or a place was changed (design rule 32)
 */
export function writeValue(attribute: AttributePlan, value: ValueCells, before?: ValueCells): WriteValue {
  const main = value.main as JsonValue;
  const sides = value.sides as Readonly<Record<string, JsonValue>>;
  switch (attribute.kind) {
    case "select":
      return { option: choiceId(attribute, main) };
    case "status":
      return { status: choiceId(attribute, main) };
    case "record-reference":
      return { target_object: sides.object ?? attribute.targetObject, target_record_id: main };
    case "actor-reference":
      return { referenced_actor_type: sides.type ?? "workspace-member", referenced_actor_id: main };
    case "currency":
      return { currency_value: main };
    case "domain":
      return { domain: main };
    case "email-address":
      return { email_address: main };
    case "phone-number":
      return { original_phone_number: main };
    case "timestamp":
      // One integrator saw an offset refused that the docs allow.
      return { value: typeof main === "string" ? main.replace(/\+00(:00)?$/, "Z") : main };
    case "personal-name":
      return personalName(value, before);
    case "location":
      return location(value, before);
    default:
      return { value: main };
  }
}

/** A title may have been given to another one since it was read; an id never is (design rule 6). */
function choiceId({ titles }: AttributePlan, title: JsonValue): JsonValue {
  const ids = [...(titles ?? [])].filter(([, known]) => known === title).map(([id]) => id);
  return ids.length === 1 && ids[0] !== undefined ? ids[0] : title;
}

/** The whole alone is split: its last word is the last name. The parts alone make up the whole. */
function personalName({ main, sides }: ValueCells, before: ValueCells | undefined): WriteValue {
  const full = textOf(main);
  const parts = { first: textOf(sides.first), last: textOf(sides.last) };
  const wholeChanged = full !== textOf(before?.main);
  const partsChanged =
    parts.first !== textOf(before?.sides.first) || parts.last !== textOf(before?.sides.last);
  if (wholeChanged && !partsChanged) {
    const words = full.trim().split(/\s+/);
    const last = words.length > 1 ? (words.pop() ?? "") : "";
    return { first_name: words.join(" "), last_name: last, full_name: full };
  }
  const joined = [parts.first, parts.last].filter((part) => part !== "").join(" ");
  return { first_name: parts.first, last_name: parts.last, full_name: wholeChanged ? full : joined };
}

/** A line that was written is Attio's to take apart; parts are sent as all ten keys, which it asks for. */
function location({ main, sides }: ValueCells, before: ValueCells | undefined): WriteValue {
  const keys = [...LOCATION_PARTS, "latitude", "longitude"];
  const partsChanged = keys.some((key) => textOf(sides[key]) !== textOf(before?.sides[key]));
  if (!partsChanged && textOf(main) !== textOf(before?.main)) return textOf(main);
  return Object.fromEntries(keys.map((key) => [key, sides[key] == null ? null : textOf(sides[key])]));
}

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
